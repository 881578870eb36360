package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.backend.cpu.CpuWeight.Direction;
import org.panamask.backend.cpu.CpuWeight.Operand;
import org.panamask.backend.cpu.Products.Matrix;
import org.panamask.backend.host.HostNumbers;
import org.panamask.backend.memory.Frame;
import org.panamask.ffi.DnnlType;
import org.panamask.tensor.BackwardOps.CrossEntropyGradients;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.DType;
import org.panamask.tensor.Operands;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// The head and what is read from its logits, which exist for a chunk of rows at a time.
final class Head {
    /// Logits of a chunk, in bytes: enough rows to use the head's weights well, few enough for a shared cache.
    private static final long CHUNK_BYTES = 16 << 20;

    private final CpuJob job;
    private final Products products;

    Head(CpuJob job, Products products) {
        this.job = job;
        this.products = products;
    }

    Tensor logits(Tensor hidden, Weight head, Shape result) {
        Tensor y = job.make(result, DType.F32);
        Operand weights = CpuWeight.of(job, head).operand(job, Direction.FORWARD);
        products.multiply(
                Matrix.of(hidden), weights, Matrix.of(y), hidden.shape().extent(0), Plan.Finish.PLAIN);
        return y;
    }

    /// The logits of some rows, with room for those that a product needs besides.
    ///
    /// @param hidden their hidden states, or a padded copy
    /// @param logits `[padded, V]`, F32
    /// @param from the first row
    /// @param rows their number
    /// @param padded the rows of the products
    record Chunk(Matrix hidden, MemorySegment logits, long from, long rows, long padded) {}

    /// The rows of a whole chunk.
    static long chunkRows(long vocabulary) {
        return Math.max(RowSteps.LEAST, RowSteps.product(CHUNK_BYTES / (4 * vocabulary)));
    }

    /// What is done with a chunk.
    @FunctionalInterface
    interface ChunkWork {
        void run(Frame frame, Chunk chunk);
    }

    /// Computes the logits of all rows, chunk by chunk.
    void chunks(Tensor hidden, Weight head, ChunkWork work) {
        long vocabulary = head.shape().extent(0);
        long most = chunkRows(vocabulary);
        long all = hidden.shape().extent(0);
        Operand weights = CpuWeight.of(job, head).operand(job, Direction.FORWARD);
        for (long from = 0; from < all; ) {
            long compiled = RowSteps.product(Math.min(most, all - from));
            long rows = compiled == 0 ? all - from : compiled;
            try (Frame frame = job.frame()) {
                work.run(frame, chunk(frame, hidden, weights, from, rows));
            }
            from += rows;
        }
    }

    private Chunk chunk(Frame frame, Tensor hidden, Operand weights, long from, long rows) {
        long padded = Math.max(rows, RowSteps.LEAST);
        Matrix states = Matrix.of(hidden).from(from);
        if (padded != rows) {
            Matrix copy = new Matrix(frame.take(padded * states.rowBytes()), states.dtype(), states.width());
            MemorySegment.copy(states.memory(), 0, copy.memory(), 0, rows * states.rowBytes());
            copy.memory().asSlice(rows * states.rowBytes()).fill((byte) 0);
            states = copy;
        }
        MemorySegment logits = frame.take(padded * weights.layout().columns() * 4);
        Matrix to = new Matrix(logits, DType.F32, weights.layout().columns());
        products.multiply(states, weights, to, padded, Plan.Finish.PLAIN);
        return new Chunk(states, logits, from, rows, padded);
    }

    CrossEntropy crossEntropy(Tensor hidden, Weight head, Scoring scoring, CrossEntropyGradients gradients) {
        Tensor targets = scoring.targets();
        Shape rows = Shape.of(hidden.shape().extent(0));
        CrossEntropy result = new CrossEntropy(
                job.make(Shape.of(1), DType.F32), job.make(rows, DType.F32), job.make(rows, DType.I32));
        int vocabulary = Math.toIntExact(head.shape().extent(0));
        requireTargets(targets, vocabulary);
        boolean wanted = !gradients.hidden().isEmpty() || !gradients.head().isEmpty();
        chunks(hidden, head, (frame, chunk) -> {
            Scores scores = Scores.of(job, chunk, vocabulary, targets);
            job.run(new Plan.Softmax(tile(chunk, vocabulary), tile(chunk, vocabulary)), chunk.logits(), chunk.logits());
            score(chunk, scores, vocabulary, result);
            if (wanted) {
                gradients(frame, chunk, head, new Wanted(scoring, result.rows(), gradients));
            }
        });
        double loss = 0;
        for (long row = 0; row < rows.count(); row++) {
            loss += HostNumbers.at(scoring.weights(), row) * scoring.tokens().of(HostNumbers.at(result.rows(), row));
        }
        HostNumbers.put(result.loss(), 0, loss);
        return result;
    }

    private static Layout tile(Chunk chunk, long vocabulary) {
        return Layout.matrix(DnnlType.F32, chunk.padded(), vocabulary);
    }

    private static void requireTargets(Tensor targets, long vocabulary) {
        for (long row = 0; row < targets.count(); row++) {
            Operands.requireIndex("crossEntropy: targets", HostNumbers.intAt(targets, row), row, vocabulary);
        }
    }

    /// What is kept of a chunk's logits before softmax replaces them.
    ///
    /// @param best by row, the id with the largest logit, the lowest of equals
    /// @param largest by row, that logit
    /// @param target by row, the logit of the target
    private record Scores(int[] best, float[] largest, float[] target) {
        static Scores of(CpuJob job, Chunk chunk, int vocabulary, Tensor targets) {
            int rows = (int) chunk.rows();
            Scores scores = new Scores(new int[rows], new float[rows], new float[rows]);
            job.rows(rows, vocabulary, (tile, first, last) -> {
                for (int row = (int) first; row < last; row++) {
                    float[] logits = tile.load(0, chunk.logits(), DType.F32, (long) row * vocabulary, vocabulary);
                    int best = Choice.largest(logits, vocabulary);
                    scores.best[row] = best;
                    scores.largest[row] = logits[best];
                    scores.target[row] = logits[HostNumbers.intAt(targets, chunk.from() + row)];
                }
            });
            return scores;
        }
    }

    /// `log(sum(exp(logits)))` is the largest logit minus the logarithm of its probability, which is never small.
    private static void score(Chunk chunk, Scores scores, int vocabulary, CrossEntropy result) {
        for (int row = 0; row < chunk.rows(); row++) {
            float likeliest =
                    chunk.logits().getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * vocabulary + scores.best[row]);
            double entropy = scores.largest[row] - Math.log(likeliest) - scores.target[row];
            HostNumbers.put(result.rows(), chunk.from() + row, entropy);
            result.correct()
                    .memory()
                    .setAtIndex(
                            ValueLayout.JAVA_INT,
                            chunk.from() + row,
                            scores.target[row] == scores.largest[row] ? 1 : 0);
        }
    }

    /// @param scoring targets and weights
    /// @param entropies the cross entropy of each row
    /// @param gradients where they go
    private record Wanted(Scoring scoring, Tensor entropies, CrossEntropyGradients gradients) {
        /// What the gradient of a row's cross entropy is multiplied with.
        float factor(long row) {
            double weight = HostNumbers.at(scoring.weights(), row);
            return (float) (weight * scoring.tokens().slope(HostNumbers.at(entropies, row)));
        }
    }

    /// `dhidden = factor * (p - onehot) head` and `dhead += (p - onehot)^T (factor * hidden)`.
    private void gradients(Frame frame, Chunk chunk, Weight head, Wanted wanted) {
        long vocabulary = head.shape().extent(0);
        for (long row = 0; row < chunk.rows(); row++) {
            long at = row * vocabulary + HostNumbers.intAt(wanted.scoring().targets(), chunk.from() + row);
            float probability = chunk.logits().getAtIndex(ValueLayout.JAVA_FLOAT, at);
            chunk.logits().setAtIndex(ValueLayout.JAVA_FLOAT, at, probability - 1);
        }
        Matrix errors = rounded(frame, chunk, vocabulary);
        for (Tensor gradient : wanted.gradients().hidden()) {
            Operand weights = CpuWeight.of(job, head).operand(job, Direction.BACKWARD);
            Matrix product = new Matrix(
                    frame.take(chunk.padded() * chunk.hidden().width() * 4),
                    DType.F32,
                    chunk.hidden().width());
            products.multiply(errors, weights, product, chunk.padded(), Plan.Finish.PLAIN);
            scaleRows(chunk, wanted, product, Matrix.of(gradient).from(chunk.from()));
        }
        for (Tensor gradient : wanted.gradients().head()) {
            Matrix scaled = new Matrix(
                    frame.take(chunk.padded() * chunk.hidden().rowBytes()),
                    job.dtype(),
                    chunk.hidden().width());
            scaled.memory().fill((byte) 0);
            scaleRows(chunk, wanted, chunk.hidden(), scaled);
            products.addOuter(errors, scaled, chunk.padded(), 1, gradient.memory());
        }
    }

    /// What stands in the place of the logits, in the type of activations.
    private Matrix rounded(Frame frame, Chunk chunk, long vocabulary) {
        if (job.dtype() == DType.F32) {
            return new Matrix(chunk.logits(), DType.F32, vocabulary);
        }
        MemorySegment rounded =
                frame.take(chunk.padded() * vocabulary * job.dtype().bytes());
        Layout layout = Layout.matrix(job.type(), chunk.padded(), vocabulary);
        job.run(new Plan.Reorder(tile(chunk, vocabulary), layout, false), chunk.logits(), rounded);
        return new Matrix(rounded, job.dtype(), vocabulary);
    }

    /// `y = scale * softmax(hidden head^T) table`.
    void expectation(Tensor hidden, Weight head, Weight table, float scale, Tensor y) {
        long vocabulary = head.shape().extent(0);
        int width = Math.toIntExact(table.shape().last());
        Operand weights = CpuWeight.of(job, table).operand(job, Direction.BACKWARD);
        chunks(hidden, head, (frame, chunk) -> {
            job.run(new Plan.Softmax(tile(chunk, vocabulary), tile(chunk, vocabulary)), chunk.logits(), chunk.logits());
            Matrix sums = new Matrix(frame.take(chunk.padded() * width * 4), DType.F32, width);
            products.multiply(rounded(frame, chunk, vocabulary), weights, sums, chunk.padded(), Plan.Finish.PLAIN);
            job.rows(chunk.rows(), width, (tile, first, last) -> {
                for (long row = first; row < last; row++) {
                    float[] values = tile.load(0, sums.memory(), DType.F32, row * width, width);
                    for (int i = 0; i < width; i++) {
                        values[i] *= scale;
                    }
                    tile.store(values, y, (chunk.from() + row) * width, width);
                }
            });
        });
    }

    /// `to = factor * from`, row by row.
    private void scaleRows(Chunk chunk, Wanted wanted, Matrix from, Matrix to) {
        int width = Math.toIntExact(from.width());
        job.rows(chunk.rows(), width, (tile, first, last) -> {
            for (long row = first; row < last; row++) {
                float[] values = tile.load(0, from.memory(), from.dtype(), row * width, width);
                float factor = wanted.factor(chunk.from() + row);
                for (int i = 0; i < width; i++) {
                    values[i] *= factor;
                }
                tile.store(values, to.memory(), to.dtype(), row * width, width);
            }
        });
    }
}
