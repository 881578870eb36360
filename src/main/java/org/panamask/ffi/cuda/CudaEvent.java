package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.cuda.Cuda;

/// A point in a stream's queue that others can wait for.
public final class CudaEvent extends CudaHandle {
    private CudaEvent(MemorySegment event, CudaContext context) {
        super(
                "CUevent",
                event,
                context.status(),
                context.counted(),
                new Destroyer("cuEventDestroy_v2", Cuda::cuEventDestroy_v2));
    }

    /// An event to order streams and to wait for.
    public static CudaEvent ordering(CudaContext context) {
        return create(context, Cuda.CU_EVENT_DISABLE_TIMING() | Cuda.CU_EVENT_BLOCKING_SYNC());
    }

    /// An event that also knows its time.
    public static CudaEvent timed(CudaContext context) {
        return create(context, Cuda.CU_EVENT_DEFAULT());
    }

    private static CudaEvent create(CudaContext context, int flags) {
        context.handle("cuEventCreate");
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            context.check(Cuda.cuEventCreate(out, flags), "cuEventCreate");
            return new CudaEvent(out.get(ValueLayout.ADDRESS, 0), context);
        }
    }

    /// Stands for everything enqueued on `stream` so far; what it stood for before is forgotten.
    public void record(CudaStream stream) {
        check(Cuda.cuEventRecord(handle("cuEventRecord"), stream.handle("cuEventRecord")), "cuEventRecord");
    }

    /// Whether everything that it stands for has run.
    public boolean isDone() {
        return status().isReady(Cuda.cuEventQuery(handle("cuEventQuery")), "cuEventQuery");
    }

    /// Waits until everything that it stands for has run.
    public void synchronize() {
        check(Cuda.cuEventSynchronize(handle("cuEventSynchronize")), "cuEventSynchronize");
    }

    /// The time between two timed events that are done.
    public double millisecondsUntil(CudaEvent later) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.JAVA_FLOAT);
            check(
                    Cuda.cuEventElapsedTime(out, handle("cuEventElapsedTime"), later.handle("cuEventElapsedTime")),
                    "cuEventElapsedTime");
            return out.get(ValueLayout.JAVA_FLOAT, 0);
        }
    }
}
