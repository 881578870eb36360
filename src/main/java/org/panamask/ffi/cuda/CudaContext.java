package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.cuda.Cuda;
import org.panamask.ffi.NativeObjects;

/// The primary context of a device. It is per thread of the operating system: [#makeCurrent] before any other call on a
/// thread, and platform threads only.
public final class CudaContext extends CudaHandle {
    private CudaContext(MemorySegment context, int device, NativeObjects objects) {
        super(
                "CUcontext",
                context,
                new CudaStatus(),
                objects,
                new Destroyer("cuDevicePrimaryCtxRelease_v2", _ -> Cuda.cuDevicePrimaryCtxRelease_v2(device)));
    }

    /// The memory of a device.
    ///
    /// @param freeBytes what no process has taken
    /// @param totalBytes all of it
    public record Memory(long freeBytes, long totalBytes) {}

    /// Retains the primary context of `device` and makes it current to this thread; waiting threads sleep.
    ///
    /// @throws CudaException if the driver refuses
    public static CudaContext retain(CudaFacts device, NativeObjects objects) {
        CudaStatus start = new CudaStatus();
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            start.check(
                    Cuda.cuDevicePrimaryCtxSetFlags_v2(device.ordinal(), Cuda.CU_CTX_SCHED_BLOCKING_SYNC()),
                    "cuDevicePrimaryCtxSetFlags_v2");
            start.check(Cuda.cuDevicePrimaryCtxRetain(out, device.ordinal()), "cuDevicePrimaryCtxRetain");
            CudaContext context = new CudaContext(out.get(ValueLayout.ADDRESS, 0), device.ordinal(), objects);
            try {
                context.makeCurrent();
                return context;
            } catch (CudaException failure) {
                context.close();
                throw failure;
            }
        }
    }

    /// Makes it the context of this thread.
    public void makeCurrent() {
        check(Cuda.cuCtxSetCurrent(handle("cuCtxSetCurrent")), "cuCtxSetCurrent");
    }

    /// Waits for everything on every stream.
    public void synchronize() {
        handle("cuCtxSynchronize");
        check(Cuda.cuCtxSynchronize(), "cuCtxSynchronize");
    }

    /// The device's memory now, of all processes.
    public Memory memory() {
        handle("cuMemGetInfo_v2");
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment free = frame.allocate(ValueLayout.JAVA_LONG);
            MemorySegment total = frame.allocate(ValueLayout.JAVA_LONG);
            check(Cuda.cuMemGetInfo_v2(free, total), "cuMemGetInfo_v2");
            return new Memory(free.get(ValueLayout.JAVA_LONG, 0), total.get(ValueLayout.JAVA_LONG, 0));
        }
    }
}
