package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.cuda.Cuda;

/// Host memory that stays in place, so that a device can copy from and to it while the host goes on.
public final class PinnedMemory extends CudaHandle {
    private final long bytes;

    private PinnedMemory(MemorySegment memory, long bytes, CudaContext context) {
        super(
                "CUpinned",
                memory,
                context.status(),
                context.counted(),
                new Destroyer("cuMemFreeHost", Cuda::cuMemFreeHost));
        this.bytes = bytes;
    }

    /// Takes memory with undefined contents.
    ///
    /// @throws CudaException if there is none
    public static PinnedMemory take(CudaContext context, long bytes) {
        context.handle("cuMemHostAlloc");
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            context.check(Cuda.cuMemHostAlloc(out, bytes, 0), "cuMemHostAlloc");
            return new PinnedMemory(out.get(ValueLayout.ADDRESS, 0), bytes, context);
        }
    }

    /// Its size.
    public long bytes() {
        return bytes;
    }

    /// The memory. It must not be touched once this is closed.
    public MemorySegment memory() {
        return address().reinterpret(bytes);
    }
}
