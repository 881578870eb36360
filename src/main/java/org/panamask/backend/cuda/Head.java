package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.cuda.Products.Finish;
import org.panamask.backend.cuda.Products.Matrix;
import org.panamask.backend.cuda.Products.Operand;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.BackwardOps.CrossEntropyGradients;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.DType;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenWeighting;
import org.panamask.tensor.Weight;

/// The head and what is read from its logits, which exist for a chunk of rows at a time.
final class Head {
    /// Logits of a chunk in bytes, at most: enough rows that the head's weights are read seldom.
    static final long CHUNK_BYTES = 256L << 20;

    /// Rows of a chunk, at most: more do not make the product faster.
    private static final int MOST_ROWS = 1024;

    private static final String FAMILY = "cross_entropy";
    private static final int SUM_THREADS = 256;
    private static final int MOST_THREADS = 512;

    /// Columns that a thread takes in turn, before there are more threads.
    private static final int COLUMNS_PER_THREAD = 8;

    private static final int WARP = 32;

    private final CudaJob job;
    private final Products products;
    private final long chunkBytes;

    /// A head of the job of `products`, whose chunks have `chunkBytes` bytes of logits at most.
    Head(CudaJob job, Products products, long chunkBytes) {
        this.job = job;
        this.products = products;
        this.chunkBytes = chunkBytes;
    }

    /// The logits of some rows.
    ///
    /// @param hidden their hidden states
    /// @param logits `[rows, V]`, F32
    /// @param from the first row
    /// @param rows their number
    record Chunk(Matrix hidden, Matrix logits, long from, long rows) {
        int vocabulary() {
            return Math.toIntExact(logits.width());
        }

        /// One block for each row.
        Grid grid() {
            return blocks(rows, logits.width());
        }

        /// The address of this chunk's first element of `values`, which has one of 4 bytes for each row.
        long of(Tensor values) {
            return values.memory().address() + from * Float.BYTES;
        }
    }

    /// One block for each of `rows` rows of `width` numbers.
    static Grid blocks(long rows, long width) {
        long wanted = (width + COLUMNS_PER_THREAD - 1) / COLUMNS_PER_THREAD;
        return Grid.of(rows, Math.clamp((wanted + WARP - 1) / WARP * WARP, WARP, MOST_THREADS));
    }

    /// The rows of a whole chunk, in whole steps of rows.
    static long chunkRows(long vocabulary, long chunkBytes) {
        long rows = Math.min(MOST_ROWS, chunkBytes / (Float.BYTES * vocabulary));
        return Math.max(Products.ROW_STEP, rows / Products.ROW_STEP * Products.ROW_STEP);
    }

    /// What is done with a chunk.
    @FunctionalInterface
    interface ChunkWork {
        void run(Frame frame, Chunk chunk);
    }

    /// Computes the logits of all rows, chunk by chunk.
    void chunks(Tensor hidden, Weight head, ChunkWork work) {
        long vocabulary = head.shape().extent(0);
        long most = chunkRows(vocabulary, chunkBytes);
        long all = hidden.shape().extent(0);
        Operand weights = products.forward(head);
        for (long from = 0; from < all; from += most) {
            long rows = Math.min(most, all - from);
            try (Frame frame = job.frame()) {
                Matrix states = Matrix.of(hidden).from(from);
                Matrix logits = sums(frame, rows, vocabulary);
                products.multiply(states, weights, logits, rows, Finish.PLAIN);
                work.run(frame, new Chunk(states, logits, from, rows));
            }
        }
    }

    private static Matrix sums(Frame frame, long rows, long width) {
        return new Matrix(frame.take(rows * width * Float.BYTES).address(), DType.F32, width);
    }

    private Matrix activations(Frame frame, long rows, long width) {
        MemorySegment memory = frame.take(rows * width * job.dtype().bytes());
        return new Matrix(memory.address(), job.dtype(), width);
    }

    /// Where numbers of the type of activations go that are made of a chunk's logits, one for each: where these
    /// lie, if they are as wide.
    private Matrix inPlaceOfLogits(Frame frame, Chunk chunk) {
        return job.dtype() == DType.F32 ? chunk.logits() : activations(frame, chunk.rows(), chunk.vocabulary());
    }

    Tensor logits(Tensor hidden, Weight head, Shape result) {
        Tensor y = job.make(result, DType.F32);
        products.multiply(
                Matrix.of(hidden),
                products.forward(head),
                Matrix.of(y),
                hidden.shape().extent(0),
                Finish.PLAIN);
        return y;
    }

    CrossEntropy crossEntropy(Tensor hidden, Weight head, Scoring scoring, CrossEntropyGradients gradients) {
        Shape rows = Shape.of(hidden.shape().extent(0));
        CrossEntropy result = new CrossEntropy(
                job.make(Shape.of(1), DType.F32), job.make(rows, DType.F32), job.make(rows, DType.I32));
        job.requireIndices(
                "crossEntropy: targets", scoring.targets(), head.shape().extent(0));
        boolean wanted = !gradients.hidden().isEmpty() || !gradients.head().isEmpty();
        chunks(hidden, head, (frame, chunk) -> {
            Matrix errors = wanted ? inPlaceOfLogits(frame, chunk) : new Matrix(0, job.dtype(), chunk.vocabulary());
            score(chunk, scoring, result, errors);
            if (wanted) {
                long factors = factors(frame, chunk, scoring, result);
                gradients(frame, chunk, head, gradients, new Errors(errors, factors));
            }
        });
        addUp(scoring, result);
        return result;
    }

    private void score(Chunk chunk, Scoring scoring, CrossEntropy result, Matrix errors) {
        Arguments arguments = new Arguments()
                .pointer(chunk.of(result.rows()))
                .pointer(chunk.of(result.correct()))
                .pointer(chunk.logits().address())
                .pointer(chunk.of(scoring.targets()))
                .pointer(errors.address())
                .i32(chunk.vocabulary());
        job.launch(job.kernel(FAMILY, "cross_entropy_rows"), chunk.grid(), arguments);
    }

    private void addUp(Scoring scoring, CrossEntropy result) {
        TokenWeighting tokens = scoring.tokens();
        Arguments arguments = new Arguments()
                .pointer(result.loss())
                .pointer(result.rows())
                .pointer(scoring.weights())
                .i32(Math.toIntExact(result.rows().count()))
                .f32((float) tokens.alpha())
                .f32((float) tokens.gamma());
        job.launch(job.kernel(FAMILY, "cross_entropy_loss"), Grid.of(1, SUM_THREADS), arguments);
    }

    /// What the gradient of each row's cross entropy is multiplied with.
    private long factors(Frame frame, Chunk chunk, Scoring scoring, CrossEntropy result) {
        long factors = frame.take(chunk.rows() * Float.BYTES).address();
        TokenWeighting tokens = scoring.tokens();
        Arguments arguments = new Arguments()
                .pointer(factors)
                .pointer(chunk.of(result.rows()))
                .pointer(chunk.of(scoring.weights()))
                .i32((int) chunk.rows())
                .f32((float) tokens.alpha())
                .f32((float) tokens.gamma());
        job.launch(job.kernel(FAMILY, "cross_entropy_factors"), Grid.covering(chunk.rows(), SUM_THREADS), arguments);
        return factors;
    }

    /// The errors of a chunk.
    ///
    /// @param errors `softmax - onehot`, of the type of activations
    /// @param factors address of what each row's errors are multiplied with
    private record Errors(Matrix errors, long factors) {}

    /// `dhidden = factor * (errors head)` and `dhead += errors^T (factor * hidden)`: errors are of order 1 in every
    /// type, factors need not be.
    private void gradients(Frame frame, Chunk chunk, Weight head, CrossEntropyGradients gradients, Errors errors) {
        long width = chunk.hidden().width();
        for (Tensor gradient : gradients.hidden()) {
            Matrix sums = sums(frame, chunk.rows(), width);
            products.multiply(errors.errors(), products.backward(head), sums, chunk.rows(), Finish.PLAIN);
            scale("scale_rows_of_sums", chunk.rows(), sums, Matrix.of(gradient).from(chunk.from()), errors.factors());
        }
        for (Tensor gradient : gradients.head()) {
            Matrix scaled = activations(frame, chunk.rows(), width);
            scale("scale_rows", chunk.rows(), chunk.hidden(), scaled, errors.factors());
            products.addOuter(
                    errors.errors(), scaled, chunk.rows(), 1, gradient.memory().address());
        }
    }

    private void scale(String kernel, long rows, Matrix from, Matrix to, long factors) {
        Arguments arguments = new Arguments()
                .pointer(to.address())
                .pointer(from.address())
                .pointer(factors)
                .i32(Math.toIntExact(from.width()));
        job.launch(job.kernel(FAMILY, kernel), blocks(rows, from.width()), arguments);
    }

    /// `y = scale * softmax(hidden head^T) table`.
    void expectation(Tensor hidden, Weight head, Weight table, float scale, Tensor y) {
        Operand weights = products.backward(table);
        chunks(hidden, head, (frame, chunk) -> {
            Matrix probabilities = inPlaceOfLogits(frame, chunk);
            Arguments arguments = new Arguments()
                    .pointer(probabilities.address())
                    .pointer(chunk.logits().address())
                    .i32(chunk.vocabulary());
            job.launch(job.kernel("softmax", "softmax"), chunk.grid(), arguments);
            products.multiply(
                    probabilities, weights, Matrix.of(y).from(chunk.from()), chunk.rows(), Finish.of(scale, false));
        });
    }
}
