package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.cuda.Cuda;

/// Work that a stream collected, ready to be run any number of times with one call.
public final class CudaGraph extends CudaHandle {
    private CudaGraph(MemorySegment executable, CudaContext context) {
        super(
                "CUgraphExec",
                executable,
                context.status(),
                context.counted(),
                new Destroyer("cuGraphExecDestroy", Cuda::cuGraphExecDestroy));
    }

    /// Makes `graph` executable and destroys it.
    static CudaGraph instantiate(CudaContext context, MemorySegment graph) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            int returned = Cuda.cuGraphInstantiateWithFlags(out, graph, 0);
            int destroyed = Cuda.cuGraphDestroy(graph);
            context.check(returned, "cuGraphInstantiateWithFlags");
            CudaGraph executable = new CudaGraph(out.get(ValueLayout.ADDRESS, 0), context);
            try {
                context.check(destroyed, "cuGraphDestroy");
                return executable;
            } catch (CudaException failure) {
                executable.close();
                throw failure;
            }
        }
    }

    /// Runs everything in it after what `stream` has enqueued.
    public void launch(CudaStream stream) {
        String call = "cuGraphLaunch";
        check(Cuda.cuGraphLaunch(handle(call), stream.handle(call)), call);
    }
}
