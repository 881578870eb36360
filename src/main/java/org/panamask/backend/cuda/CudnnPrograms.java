package org.panamask.backend.cuda;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.panamask.backend.BackendException;
import org.panamask.backend.cuda.attention.CompositeBackward;
import org.panamask.backend.cuda.attention.CompositeForward;
import org.panamask.backend.cuda.attention.CompositeShape;
import org.panamask.backend.cuda.attention.CudnnProgram;
import org.panamask.backend.cuda.attention.OperationGraph;
import org.panamask.ffi.NativeObjects;
import org.panamask.ffi.cuda.CudnnException;
import org.panamask.ffi.cuda.CudnnHandle;

/// cuDNN's plans on a device, each made when it is first asked for. Confined to the job thread.
final class CudnnPrograms implements AutoCloseable {
    private final NativeObjects objects;
    private final Map<CompositeShape, Forward> forwards = new HashMap<>();
    private final Map<CompositeShape, Backward> backwards = new HashMap<>();
    private @Nullable CudnnHandle handle;

    /// Plans that are counted among `objects`.
    CudnnPrograms(NativeObjects objects) {
        this.objects = objects;
    }

    /// A planned forward graph.
    record Forward(CompositeForward composite, CudnnProgram program) {}

    /// A planned graph of the way back.
    record Backward(CompositeBackward composite, CudnnProgram program) {}

    CudnnHandle handle() {
        CudnnHandle present = handle;
        if (present == null) {
            present = CudnnHandle.create(objects);
            handle = present;
        }
        return present;
    }

    Forward forward(CompositeShape shape) {
        return forwards.computeIfAbsent(shape, wanted -> {
            CompositeForward composite = CompositeForward.of(wanted);
            return new Forward(composite, plan(wanted, composite.graph()));
        });
    }

    Backward backward(CompositeShape shape, boolean deterministic) {
        return backwards.computeIfAbsent(shape, wanted -> {
            CompositeBackward composite = CompositeBackward.of(wanted, deterministic);
            return new Backward(composite, plan(wanted, composite.graph()));
        });
    }

    private CudnnProgram plan(CompositeShape shape, OperationGraph graph) {
        try {
            handle();
            return new CudnnProgram(graph, Optional.empty(), objects);
        } catch (CudnnException refused) {
            throw new BackendException(
                    "backend cuda: cuDNN has no plan for attention of " + shape + ": " + refused.getMessage()
                            + "; set backend.attention to pmk",
                    refused);
        }
    }

    @Override
    public void close() {
        Closing closing = new Closing();
        if (handle != null) {
            closing.add(handle);
        }
        forwards.values().forEach(each -> closing.add(each.program()));
        backwards.values().forEach(each -> closing.add(each.program()));
        forwards.clear();
        backwards.clear();
        closing.close();
    }
}
