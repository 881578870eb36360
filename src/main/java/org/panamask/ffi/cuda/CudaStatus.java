package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.panamask.bindings.cuda.Cuda;

/// What the driver's functions return, and whether the context they worked on is lost. Safe for use by many threads.
public final class CudaStatus {
    private static final long TEXT_BYTES = 4096;

    private volatile @Nullable CudaException lost;

    /// Nothing has failed yet.
    public CudaStatus() {}

    /// Whether the context is lost: only a new process can use the device.
    public boolean isLost() {
        return lost != null;
    }

    /// Refuses `call` once the context is lost.
    ///
    /// @throws CudaException saying what lost it, and to restart the process
    public void requireAlive(String call) {
        CudaException first = lost;
        if (first != null) {
            throw CudaException.lostBy(first, call);
        }
    }

    /// Checks what `call` returned.
    ///
    /// @throws CudaException if it is an error
    void check(int status, String call) {
        if (status != Cuda.CUDA_SUCCESS()) {
            CudaException failure = describe(status, call);
            if (failure.isLost() && lost == null) {
                lost = failure;
            }
            throw failure;
        }
    }

    /// Whether what `call` asked about is finished.
    ///
    /// @throws CudaException if the status is neither success nor `CUDA_ERROR_NOT_READY`
    boolean isReady(int status, String call) {
        if (status == Cuda.CUDA_ERROR_NOT_READY()) {
            return false;
        }
        check(status, call);
        return true;
    }

    /// Calls `destroyer` unless the context is lost: a lost one has destroyed what it held.
    void destroy(String call, IntSupplier destroyer) {
        if (!isLost()) {
            check(destroyer.getAsInt(), call);
        }
    }

    private static CudaException describe(int status, String call) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            String name = text(Cuda.cuGetErrorName(status, out), out, "unknown status");
            String meaning = text(Cuda.cuGetErrorString(status, out), out, "the driver has no text for it");
            return CudaException.of(call, name, meaning, status);
        }
    }

    private static String text(int status, MemorySegment out, String otherwise) {
        MemorySegment text = out.get(ValueLayout.ADDRESS, 0);
        return status == 0 && !text.equals(MemorySegment.NULL)
                ? text.reinterpret(TEXT_BYTES).getString(0)
                : otherwise;
    }
}
