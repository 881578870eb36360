package org.panamask.ffi.cuda;

import java.io.Serial;
import java.util.Set;
import org.panamask.bindings.cuda.Cuda;
import org.panamask.ffi.NativeException;

/// A function of NVIDIA's driver that returned an error, such as `cuMemAlloc_v2 failed: CUDA_ERROR_OUT_OF_MEMORY, out
/// of memory (status 2)`.
public final class CudaException extends NativeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private static final String RESTART = "; the context is lost: restart the process";

    /// What `cuda.h` calls the end of the process for CUDA, and what leaves nothing to work with.
    private static final Set<Integer> STICKY = Set.of(
            Cuda.CUDA_ERROR_DEINITIALIZED(),
            Cuda.CUDA_ERROR_ILLEGAL_ADDRESS(),
            Cuda.CUDA_ERROR_LAUNCH_FAILED(),
            // Uncorrectable errors of the memory and of NVLink, and a fault that the driver contained.
            214,
            220,
            226,
            // A kernel that ran too long, a context that was destroyed, an assertion.
            702,
            709,
            710,
            // Of a kernel: a fault of the stack, an illegal instruction, a misaligned address, an address of another
            // space, a program counter outside.
            714,
            715,
            716,
            717,
            718,
            // Tensor memory that was not given back, and a server of several processes that ended this one.
            721,
            810);

    private CudaException(String call, String name, String meaning, int status) {
        super(call, name, meaning, status);
    }

    static CudaException of(String call, String name, String meaning, int status) {
        return new CudaException(call, name, isSticky(status) ? meaning + RESTART : meaning, status);
    }

    /// What every call after `first` says; the driver is not asked.
    static CudaException lostBy(CudaException first, String call) {
        CudaException lost = new CudaException(
                call, "the context was lost before", first.getMessage() + "; restart the process", first.status());
        lost.initCause(first);
        return lost;
    }

    /// Whether `status` ends a context for good.
    static boolean isSticky(int status) {
        return STICKY.contains(status);
    }

    /// Whether the context is lost, so that only a new process can use the device.
    public boolean isLost() {
        return isSticky(status());
    }

    /// Whether the device or the host had no memory left.
    public boolean isOutOfMemory() {
        return status() == Cuda.CUDA_ERROR_OUT_OF_MEMORY();
    }

    /// Whether an image is not one that the driver loads.
    public boolean isInvalidImage() {
        return status() == Cuda.CUDA_ERROR_INVALID_IMAGE() || status() == Cuda.CUDA_ERROR_NO_BINARY_FOR_GPU();
    }
}
