package org.panamask.ffi.cuda;

import java.io.Serial;
import org.panamask.bindings.cuda.Cuda;
import org.panamask.ffi.NativeException;

/// A function of NVIDIA's driver that returned an error, such as `cuMemAlloc_v2 failed: CUDA_ERROR_OUT_OF_MEMORY, out
/// of memory (status 2)`.
public final class CudaException extends NativeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private static final String RESTART = "; the context is lost: restart the process";

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

    /// Whether `status` ends a context for good: an illegal address, an assertion or a fault of a kernel and their
    /// like.
    static boolean isSticky(int status) {
        return status == Cuda.CUDA_ERROR_ILLEGAL_ADDRESS()
                || status == Cuda.CUDA_ERROR_LAUNCH_FAILED()
                || status == Cuda.CUDA_ERROR_DEINITIALIZED()
                // An assertion, a fault of the stack, an illegal instruction, a misaligned address, an address of
                // another space, a program counter outside, and an uncorrectable error of the memory.
                || status == 710
                || status >= 714 && status <= 718
                || status == 214;
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
