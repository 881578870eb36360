package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.panamask.backend.cuda.attention.CompositeBackward;
import org.panamask.backend.cuda.attention.CompositeForward;
import org.panamask.backend.cuda.attention.CompositeShape;
import org.panamask.backend.cuda.attention.CompositeShape.Hidden;
import org.panamask.backend.cuda.attention.GraphTensor;
import org.panamask.backend.cuda.attention.MaskFacts;
import org.panamask.backend.memory.Frame;
import org.panamask.ffi.cuda.CudnnType;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;

/// Attention by cuDNN. Masks that are neither full nor causal become `[R, T]` numbers on the device. What is kept of a
/// result is the logarithm of the sum of exponentials, F32 `[B, H, R / B]`.
///
/// @param job what it computes with
/// @param kernels around cuDNN's
/// @param programs cuDNN's plans
/// @param deterministic whether gradients of queries are summed in one order
record CudnnAttention(CudaJob job, LibraryKernels kernels, CudnnPrograms programs, boolean deterministic)
        implements AttentionEngine {
    private static final int FLOAT = 4;

    @Override
    public long keptBytes(AttentionInputs inputs) {
        return inputs.q().shape().extent(1) * inputs.mask().count() * FLOAT;
    }

    private CompositeShape shape(AttentionInputs inputs) {
        Hidden hidden = switch (MaskFacts.of(inputs.mask()).kind()) {
            case FULL -> Hidden.NONE;
            case CAUSAL -> Hidden.LATER;
            case INTERVALS, ANNEALED, GIVEN -> Hidden.BIAS_OF_EACH;
        };
        return new CompositeShape(
                job.dtype() == DType.F16 ? CudnnType.HALF : CudnnType.BFLOAT16,
                inputs.mask().batch(),
                inputs.q().shape().extent(1),
                inputs.k().shape().extent(1),
                inputs.mask().count() / inputs.mask().batch(),
                inputs.mask().keys(),
                inputs.q().shape().last(),
                hidden);
    }

    @Override
    public void forward(AttentionInputs inputs, Result result) {
        CompositeShape shape = shape(inputs);
        CudnnPrograms.Forward planned = programs.forward(shape);
        CompositeForward composite = planned.composite();
        try (Frame frame = job.frame()) {
            Map<Long, Long> addresses = new HashMap<>();
            put(addresses, composite.q(), inputs.q().memory());
            put(addresses, composite.kTurned(), inputs.k().memory());
            put(addresses, composite.v(), inputs.v().memory());
            put(addresses, composite.o(), result.y().memory());
            put(addresses, composite.stats(), result.kept());
            putBias(addresses, composite.bias(), frame, inputs);
            MemorySegment workspace = frame.take(planned.program().plan().workspaceBytes());
            job.enqueue(new CudnnRun(
                    programs.handle(),
                    planned.program(),
                    addresses,
                    composite.graph().numbers(),
                    workspace.address()));
        }
    }

    private static void put(Map<Long, Long> addresses, GraphTensor tensor, MemorySegment memory) {
        addresses.put(tensor.id(), memory.address());
    }

    private void putBias(Map<Long, Long> addresses, Optional<GraphTensor> bias, Frame frame, AttentionInputs inputs) {
        bias.ifPresent(tensor -> put(addresses, tensor, kernels.bias(frame, inputs)));
    }

    @Override
    public void backward(AttentionInputs inputs, Result result, Tensor dy, Gradients gradients) {
        CudnnPrograms.Backward planned = programs.backward(shape(inputs), deterministic);
        CompositeBackward composite = planned.composite();
        try (Frame frame = job.frame()) {
            Map<Long, Long> addresses = new HashMap<>();
            CompositeBackward.Inputs read = composite.inputs();
            put(addresses, read.q(), inputs.q().memory());
            put(addresses, read.kTurned(), inputs.k().memory());
            put(addresses, read.vTurned(), inputs.v().memory());
            put(addresses, read.o(), result.y().memory());
            put(addresses, read.dout(), dy.memory());
            put(addresses, read.stats(), result.kept());
            put(addresses, composite.delta(), frame.take(keptBytes(inputs)));
            putBias(addresses, read.bias(), frame, inputs);
            composite.sums().ifPresent(sums -> {
                long bytes = inputs.q().count() * FLOAT;
                MemorySegment room = frame.take(bytes);
                job.enqueue(new Command.Clear(room.address(), bytes));
                put(addresses, sums, room);
            });
            MemorySegment dq = frame.take(inputs.q().bytes());
            MemorySegment dk = frame.take(inputs.k().bytes());
            MemorySegment dv = frame.take(inputs.v().bytes());
            put(addresses, composite.dq(), dq);
            put(addresses, composite.dk(), dk);
            put(addresses, composite.dv(), dv);
            MemorySegment workspace = frame.take(planned.program().plan().workspaceBytes());
            job.enqueue(new CudnnRun(
                    programs.handle(),
                    planned.program(),
                    addresses,
                    composite.graph().numbers(),
                    workspace.address()));
            store(dq, gradients.dq());
            store(dk, gradients.dk());
            store(dv, gradients.dv());
        }
    }

    /// Gradients may be added, or share a tensor, so they go through scratch memory.
    private void store(MemorySegment from, Into into) {
        kernels.groups(from, into, 1);
    }
}
