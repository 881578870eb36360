package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.cuda.ScoreProducts.Matrices;
import org.panamask.backend.cuda.ScoreProducts.Turned;
import org.panamask.backend.cuda.attention.AttentionProblem;
import org.panamask.backend.memory.Frame;
import org.panamask.ffi.cuda.CublasLtProduct;
import org.panamask.ffi.cuda.CublasType;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;

/// Attention by matrix products and a softmax, one batch row after the other, with all of its scores in memory: it
/// takes any mask, dropout and width of heads. Nothing is kept for the way back, which forms the scores again.
///
/// @param job what it computes with
/// @param kernels between the products
/// @param products of several heads at once
record MathAttention(CudaJob job, LibraryKernels kernels, ScoreProducts products) implements AttentionEngine {
    private static final int FLOAT = 4;

    @Override
    public long keptBytes(AttentionInputs inputs) {
        return 0;
    }

    /// One batch row: its query rows `[first, first + rows)` and the addresses of its tensors' parts.
    private final class BatchRow {
        private final AttentionInputs inputs;
        private final AttentionProblem problem;
        private final int batch;
        private final int first;
        private final int rows;
        private final long heads;
        private final long keyHeads;
        private final long width;
        private final long keys;
        private final MemorySegment probabilities;
        private final MemorySegment left;

        BatchRow(Frame frame, AttentionInputs inputs, AttentionProblem problem, int batch) {
            this.inputs = inputs;
            this.problem = problem;
            this.batch = batch;
            this.first = inputs.mask().firstRow(batch);
            this.rows = inputs.mask().firstRow(batch + 1) - first;
            this.heads = inputs.q().shape().extent(1);
            this.keyHeads = inputs.k().shape().extent(1);
            this.width = inputs.q().shape().last();
            this.keys = inputs.mask().keys();
            this.probabilities = frame.take(scores() * FLOAT);
            this.left = frame.take(scores() * job.dtype().bytes());
        }

        long scores() {
            return heads * rows * keys;
        }

        int group() {
            return Math.toIntExact(heads / keyHeads);
        }

        /// Where the query rows of a `[R, H, d]` tensor start, in the first head of group `g`.
        long query(Tensor tensor, long g) {
            long element = ((long) first * heads + g * group()) * width;
            return tensor.memory().address() + element * tensor.dtype().bytes();
        }

        /// Where the keys of a `[B * T, K, d]` tensor start, in key head `g`.
        long key(Tensor tensor, long g) {
            return tensor.memory().address()
                    + (batch * keys * keyHeads + g) * width * tensor.dtype().bytes();
        }

        long score(MemorySegment scores, long head, DType dtype) {
            return scores.address() + head * rows * keys * dtype.bytes();
        }

        Matrices queries() {
            return new Matrices(type(job.dtype()), width, rows, heads * width, width);
        }

        /// The keys or values of a group, which serve each of its heads.
        Matrices keyRows() {
            return new Matrices(type(job.dtype()), width, keys, keyHeads * width, 0);
        }

        Matrices scores(DType dtype) {
            return new Matrices(type(dtype), keys, rows, keys, rows * keys);
        }

        void formProbabilities() {
            dots(inputs.k(), inputs.q(), probabilities);
            job.launch(
                    kernels.kernel("attention_softmax"),
                    grid(),
                    new Arguments()
                            .bytes(problem.bytes())
                            .pointer(probabilities)
                            .pointer(left)
                            .i32(first)
                            .i32(rows));
        }

        Grid grid() {
            return new Grid((rows + 3) / 4, Math.toIntExact(heads), 1, 128, 0);
        }

        /// `scores = queries keys^T` for each head.
        void dots(Tensor of, Tensor with, MemorySegment scores) {
            for (long g = 0; g < keyHeads; g++) {
                multiply(
                        new ScoreProducts.Key(keyRows(), queries(), scores(DType.F32), group(), Turned.LEFT, 1),
                        key(of, g),
                        query(with, g),
                        score(scores, g * group(), DType.F32),
                        false);
            }
        }

        /// `to = scores keys` for each head, or added to it.
        void mix(MemorySegment scores, Tensor values, Into to) {
            for (long g = 0; g < keyHeads; g++) {
                multiply(
                        new ScoreProducts.Key(keyRows(), scores(job.dtype()), queries(), group(), Turned.NEITHER, 1),
                        key(values, g),
                        score(scores, g * group(), job.dtype()),
                        query(to.tensor(), g),
                        to.add());
            }
        }

        /// `sums = scores^T queries`, F32 `[T, K, d]`, over the heads of each group in their order.
        void addUp(MemorySegment scores, Tensor queries, MemorySegment sums) {
            Matrices result = new Matrices(CublasType.F32, width, keys, keyHeads * width, 0);
            for (long head = 0; head < heads; head++) {
                multiply(
                        new ScoreProducts.Key(queries(), scores(job.dtype()), result, 1, Turned.RIGHT, 1),
                        query(queries, 0) + head * width * job.dtype().bytes(),
                        score(scores, head, job.dtype()),
                        sums.address() + head / group() * width * FLOAT,
                        head % group() != 0);
            }
        }

        private void multiply(ScoreProducts.Key key, long a, long b, long d, boolean add) {
            job.enqueue(products.call(key, new CublasLtProduct.Operands(a, b, d, 1, add ? 1 : 0)));
        }
    }

    private static CublasType type(DType dtype) {
        return switch (dtype) {
            case F32 -> CublasType.F32;
            case BF16 -> CublasType.BF16;
            case F16 -> CublasType.F16;
            case F64, I64, I32, I16, I8, U8, BOOL, F8_E4M3, F8_E5M2 ->
                throw new IllegalArgumentException("attention has no activations of " + dtype);
        };
    }

    @Override
    public void forward(AttentionInputs inputs, Result result) {
        try (Frame frame = job.frame()) {
            AttentionProblem problem = kernels.problem(frame, inputs);
            for (int b = 0; b < inputs.mask().batch(); b++) {
                try (Frame rowFrame = job.frame()) {
                    BatchRow row = new BatchRow(rowFrame, inputs, problem, b);
                    if (row.rows > 0) {
                        row.formProbabilities();
                        row.mix(row.left, inputs.v(), new Into(result.y(), false));
                    }
                }
            }
        }
    }

    @Override
    public void backward(AttentionInputs inputs, Result result, Tensor dy, Gradients gradients) {
        try (Frame frame = job.frame()) {
            AttentionProblem problem = kernels.problem(frame, inputs);
            MemorySegment dk = frame.take(inputs.k().count() * FLOAT);
            MemorySegment dv = frame.take(inputs.v().count() * FLOAT);
            job.enqueue(new Command.Clear(dk.address(), inputs.k().count() * FLOAT));
            job.enqueue(new Command.Clear(dv.address(), inputs.v().count() * FLOAT));
            for (int b = 0; b < inputs.mask().batch(); b++) {
                try (Frame rowFrame = job.frame()) {
                    BatchRow row = new BatchRow(rowFrame, inputs, problem, b);
                    if (row.rows > 0) {
                        backward(row, dy, gradients.dq(), new Sums(dk, dv));
                    }
                }
            }
            kernels.store(dk, gradients.dk());
            kernels.store(dv, gradients.dv());
        }
    }

    /// Gradients of keys and values, F32 `[B * T, K, d]`.
    private record Sums(MemorySegment dk, MemorySegment dv) {}

    private void backward(BatchRow row, Tensor dy, Into dq, Sums sums) {
        try (Frame frame = job.frame()) {
            row.formProbabilities();
            long before = row.batch * row.keys * row.keyHeads * row.width * FLOAT;
            row.addUp(row.left, dy, MemorySegment.ofAddress(sums.dv().address() + before));
            MemorySegment dp = frame.take(row.scores() * FLOAT);
            row.dots(row.inputs.v(), dy, dp);
            MemorySegment ds = frame.take(row.scores() * job.dtype().bytes());
            job.launch(
                    kernels.kernel("attention_softmax_backward"),
                    row.grid(),
                    new Arguments()
                            .bytes(row.problem.bytes())
                            .pointer(row.probabilities)
                            .pointer(dp)
                            .pointer(ds)
                            .i32(row.first)
                            .i32(row.rows));
            row.mix(ds, row.inputs.k(), dq);
            row.addUp(ds, row.inputs.q(), MemorySegment.ofAddress(sums.dk().address() + before));
        }
    }
}
