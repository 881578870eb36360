package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.panamask.bindings.cuda.Cuda;

/// A piece of a device's memory. The host cannot read it.
public final class DeviceMemory extends CudaHandle {
    private final long bytes;

    private DeviceMemory(MemorySegment address, long bytes, CudaContext context) {
        super(
                "CUdeviceptr",
                address,
                context.status(),
                context.counted(),
                new Destroyer("cuMemFree_v2", memory -> Cuda.cuMemFree_v2(memory.address())));
        this.bytes = bytes;
    }

    /// Takes memory with undefined contents, at a multiple of 256 bytes.
    ///
    /// @throws CudaException if there is none
    public static DeviceMemory take(CudaContext context, long bytes) {
        context.handle("cuMemAlloc_v2");
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.JAVA_LONG);
            context.check(Cuda.cuMemAlloc_v2(out, bytes), "cuMemAlloc_v2");
            return new DeviceMemory(MemorySegment.ofAddress(out.get(ValueLayout.JAVA_LONG, 0)), bytes, context);
        }
    }

    /// Its size.
    public long bytes() {
        return bytes;
    }

    /// `count` bytes from `offset` on, as a segment of length zero whose address is the device's.
    ///
    /// @throws IndexOutOfBoundsException if they lie outside
    /// @throws IllegalStateException if the memory was given back
    public MemorySegment slice(long offset, long count) {
        Objects.checkFromIndexSize(offset, count, bytes);
        return MemorySegment.ofAddress(address().address() + offset);
    }
}
