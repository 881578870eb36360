package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.panamask.backend.cuda.attention.MaskFacts;
import org.panamask.backend.memory.Frame;
import org.panamask.ffi.cuda.FlashAttention;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.DType;
import org.panamask.tensor.Tensor;

/// Attention by a FlashAttention library with a C interface. Masks that are neither full nor causal become `[R, T]`
/// numbers on the device. What is kept of a result is the logarithm of the sum of exponentials, F32 `[B, H, R / B]`.
///
/// @param job what it computes with
/// @param kernels around the library's
record FlashLibraryAttention(CudaJob job, LibraryKernels kernels) implements AttentionEngine {
    private static final int FLOAT = 4;

    @Override
    public long keptBytes(AttentionInputs inputs) {
        return inputs.q().shape().extent(1) * inputs.mask().count() * FLOAT;
    }

    private FlashAttention.Problem problem(Frame frame, AttentionInputs inputs) {
        MaskFacts.Kind kind = MaskFacts.of(inputs.mask()).kind();
        long bias = kind == MaskFacts.Kind.FULL || kind == MaskFacts.Kind.CAUSAL
                ? 0
                : kernels.bias(frame, inputs).address();
        return new FlashAttention.Problem(
                inputs.mask().batch(),
                inputs.mask().count() / inputs.mask().batch(),
                inputs.mask().keys(),
                Math.toIntExact(inputs.q().shape().extent(1)),
                Math.toIntExact(inputs.k().shape().extent(1)),
                Math.toIntExact(inputs.q().shape().last()),
                job.dtype() == DType.BF16,
                kind == MaskFacts.Kind.CAUSAL,
                bias);
    }

    private static FlashAttention.Forward addresses(AttentionInputs inputs, Result result) {
        return new FlashAttention.Forward(
                inputs.q().memory().address(),
                inputs.k().memory().address(),
                inputs.v().memory().address(),
                result.y().memory().address(),
                result.kept().address());
    }

    @Override
    public void forward(AttentionInputs inputs, Result result) {
        try (Frame frame = job.frame()) {
            job.enqueue(new FlashRun(problem(frame, inputs), addresses(inputs, result), Optional.empty()));
        }
    }

    /// The library gives gradients of keys and values for each query head; they are added up here.
    @Override
    public void backward(AttentionInputs inputs, Result result, Tensor dy, Gradients gradients) {
        try (Frame frame = job.frame()) {
            FlashAttention.Problem problem = problem(frame, inputs);
            long rows = (long) problem.batch() * problem.heads() * problem.roundedRows();
            long sumBytes = rows * problem.roundedWidth() * FLOAT;
            MemorySegment sums = frame.take(sumBytes);
            job.enqueue(new Command.Clear(sums.address(), sumBytes));
            MemorySegment dq = frame.take(inputs.q().bytes());
            int group = problem.heads() / problem.keyHeads();
            MemorySegment dk = frame.take(inputs.k().bytes() * group);
            MemorySegment dv = frame.take(inputs.v().bytes() * group);
            FlashAttention.Backward back = new FlashAttention.Backward(
                    dy.memory().address(),
                    frame.take(rows * FLOAT).address(),
                    sums.address(),
                    dq.address(),
                    dk.address(),
                    dv.address());
            job.enqueue(new FlashRun(problem, addresses(inputs, result), Optional.of(back)));
            kernels.groups(dq, gradients.dq(), 1);
            kernels.groups(dk, gradients.dk(), group);
            kernels.groups(dv, gradients.dv(), group);
        }
    }
}
