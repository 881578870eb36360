package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.cuda.Cuda;

/// An ordered queue of work on one device; what is enqueued here runs one after another. A fault of a kernel surfaces
/// at a later call.
public final class CudaStream extends CudaHandle {
    private final LaunchParameters parameters = new LaunchParameters();
    private final CudaContext context;

    private CudaStream(MemorySegment stream, CudaContext context) {
        super(
                "CUstream",
                stream,
                context.status(),
                context.counted(),
                new Destroyer("cuStreamDestroy_v2", Cuda::cuStreamDestroy_v2));
        this.context = context;
    }

    /// How a kernel is spread over the device.
    ///
    /// @param x blocks
    /// @param y blocks, at most 65535
    /// @param z blocks, at most 65535
    /// @param threads of a block
    /// @param sharedBytes dynamic shared memory of a block
    public record Extent(int x, int y, int z, int threads, int sharedBytes) {}

    /// Creates a stream that does not wait for the legacy default stream.
    public static CudaStream create(CudaContext context) {
        context.handle("cuStreamCreateWithPriority");
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            context.check(
                    Cuda.cuStreamCreateWithPriority(out, Cuda.CU_STREAM_NON_BLOCKING(), 0),
                    "cuStreamCreateWithPriority");
            return new CudaStream(out.get(ValueLayout.ADDRESS, 0), context);
        }
    }

    /// The context of the device that it works on.
    public CudaContext context() {
        return context;
    }

    /// The stream's address, for libraries that enqueue work on it.
    public MemorySegment stream(String call) {
        return handle(call);
    }

    /// Waits until everything enqueued so far has run.
    public void synchronize() {
        check(Cuda.cuStreamSynchronize(handle("cuStreamSynchronize")), "cuStreamSynchronize");
    }

    /// Whether everything enqueued so far has run.
    public boolean isDone() {
        return status().isReady(Cuda.cuStreamQuery(handle("cuStreamQuery")), "cuStreamQuery");
    }

    /// Lets what is enqueued from now on start after everything that `event` stands for.
    public void waitFor(CudaEvent event) {
        check(
                Cuda.cuStreamWaitEvent(handle("cuStreamWaitEvent"), event.handle("cuStreamWaitEvent"), 0),
                "cuStreamWaitEvent");
    }

    /// Copies all of `from`, a part of pinned memory that must stay as it is until the copy has run.
    public void copyToDevice(MemorySegment from, long to) {
        String call = "cuMemcpyHtoDAsync_v2";
        check(Cuda.cuMemcpyHtoDAsync_v2(to, from, from.byteSize(), handle(call)), call);
    }

    /// Fills `to`, a part of pinned memory that must not be read until the copy has run.
    public void copyToHost(long from, MemorySegment to) {
        String call = "cuMemcpyDtoHAsync_v2";
        check(Cuda.cuMemcpyDtoHAsync_v2(to, from, to.byteSize(), handle(call)), call);
    }

    /// Copies between parts of device memory that do not overlap.
    public void copy(long from, long to, long bytes) {
        String call = "cuMemcpyDtoDAsync_v2";
        check(Cuda.cuMemcpyDtoDAsync_v2(to, from, bytes, handle(call)), call);
    }

    /// Fills device memory with one byte.
    public void fill(long to, byte value, long bytes) {
        String call = "cuMemsetD8Async";
        check(Cuda.cuMemsetD8Async(to, value, bytes, handle(call)), call);
    }

    /// Enqueues a kernel with the values of its parameters, which are read before this returns.
    ///
    /// @param function the kernel
    /// @param extent blocks and threads
    /// @param values the parameters as C lays each of them out
    /// @param offsets where in `values` each parameter starts, a multiple of its alignment
    public void launch(CudaFunction function, Extent extent, byte[] values, int[] offsets) {
        MemorySegment stream = handle("cuLaunchKernel");
        function.allowShared(extent.sharedBytes());
        int returned = Cuda.cuLaunchKernel(
                function.handle("cuLaunchKernel"),
                extent.x(),
                extent.y(),
                extent.z(),
                extent.threads(),
                1,
                1,
                extent.sharedBytes(),
                stream,
                parameters.of(values, offsets),
                MemorySegment.NULL);
        check(returned, "cuLaunchKernel of " + function.name());
    }

    /// Collects what is enqueued from now on instead of running it; [#endCapture] gives it. Other threads may go on
    /// using the driver.
    public void beginCapture() {
        String call = "cuStreamBeginCapture_v2";
        check(Cuda.cuStreamBeginCapture_v2(handle(call), Cuda.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL()), call);
    }

    /// What was collected since [#beginCapture], ready to run.
    ///
    /// @throws CudaException if something enqueued cannot be collected
    public CudaGraph endCapture() {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            check(Cuda.cuStreamEndCapture(handle("cuStreamEndCapture"), out), "cuStreamEndCapture");
            return CudaGraph.instantiate(context, out.get(ValueLayout.ADDRESS, 0));
        }
    }

    /// Ends a capture whose result is not wanted, such as one in which a call failed.
    public void abandonCapture() {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            int returned = Cuda.cuStreamEndCapture(handle("cuStreamEndCapture"), out);
            MemorySegment graph = out.get(ValueLayout.ADDRESS, 0);
            if (returned == Cuda.CUDA_SUCCESS() && !graph.equals(MemorySegment.NULL)) {
                check(Cuda.cuGraphDestroy(graph), "cuGraphDestroy");
            }
        }
    }
}
