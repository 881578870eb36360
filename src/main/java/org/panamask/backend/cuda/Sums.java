package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.AdamWStep;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Sums over rows and tensors, and the optimizer. Sums are cut in places that depend on shapes only.
final class Sums {
    private static final String FAMILY = "sums";

    /// Rows that are summed before their sum meets those of other rows.
    private static final int SUMMED_ROWS = 64;

    /// Numbers whose squares one block sums.
    private static final int SUMMED_NUMBERS = 1 << 14;

    private static final int TOTAL_THREADS = 256;

    private final CudaJob job;
    private final Map<AdamWStep, Tensor> steps = new HashMap<>();

    Sums(CudaJob job) {
        this.job = job;
    }

    /// Fills `partial` `[groups, D]` with the sums of groups of `groupRows` rows.
    @FunctionalInterface
    interface Partials {
        void launch(MemorySegment partial, Grid grid, int groupRows);
    }

    /// How many groups `rows` rows make.
    static long groups(long rows) {
        return Spread.ceil(rows, SUMMED_ROWS);
    }

    /// Adds to `sum` `[D]` what `partials` makes of `rows` rows.
    void overRows(Tensor sum, long rows, Partials partials) {
        int width = Math.toIntExact(sum.count());
        long groups = groups(rows);
        try (Frame frame = job.frame()) {
            MemorySegment partial = frame.take(groups * width * Float.BYTES);
            partials.launch(partial, Spread.columnsByGroups(width, groups), SUMMED_ROWS);
            Arguments arguments = new Arguments()
                    .pointer(sum)
                    .pointer(partial)
                    .i32(Math.toIntExact(groups))
                    .i32(width);
            job.launch(job.kernel(FAMILY, "column_sums"), Spread.columns(width), arguments);
        }
    }

    void biasBackward(Tensor dy, Tensor dbias) {
        overRows(dbias, dy.shape().extent(0), (partial, grid, groupRows) -> {
            Arguments arguments = new Arguments()
                    .pointer(partial)
                    .pointer(dy)
                    .i32(Math.toIntExact(dy.shape().extent(0)))
                    .i32(Math.toIntExact(dy.shape().last()))
                    .i32(groupRows);
            job.launch(job.kernel(Family.of(FAMILY, dy.dtype()), "column_partials"), grid, arguments);
        });
    }

    /// In F64, in which the squares of F32 numbers do not overflow: the sum is finite exactly when they all are.
    Tensor sumOfSquares(List<Tensor> tensors) {
        Tensor sum = job.make(Shape.of(1), DType.F64);
        long blocks = 0;
        for (Tensor tensor : tensors) {
            blocks += Spread.ceil(tensor.count(), SUMMED_NUMBERS);
        }
        try (Frame frame = job.frame()) {
            MemorySegment partial = frame.take(blocks * Double.BYTES);
            long address = partial.address();
            for (Tensor tensor : tensors) {
                address += squares(tensor, address) * Double.BYTES;
            }
            Arguments arguments = new Arguments().pointer(sum).pointer(partial).i32(Math.toIntExact(blocks));
            job.launch(job.kernel(FAMILY, "total"), Grid.of(1, TOTAL_THREADS), arguments);
        }
        return sum;
    }

    /// Starts the partial sums of a tensor, and returns their number.
    private long squares(Tensor tensor, long partial) {
        long blocks = Spread.ceil(tensor.count(), SUMMED_NUMBERS);
        Arguments arguments = new Arguments()
                .pointer(partial)
                .pointer(tensor)
                .i64(tensor.count())
                .i32(SUMMED_NUMBERS);
        Grid grid = Spread.rows(blocks, Math.min(SUMMED_NUMBERS, tensor.count()));
        job.launch(job.kernel(Family.of(FAMILY, tensor.dtype()), "square_partials"), grid, arguments);
        return blocks;
    }

    void adamW(Tensor parameter, Tensor gradient, Tensor mean, Tensor meanSquare, AdamWStep step) {
        Arguments arguments = new Arguments()
                .pointer(parameter)
                .pointer(mean)
                .pointer(meanSquare)
                .pointer(gradient)
                .pointer(numbers(step))
                .i64(parameter.count());
        job.launch(
                job.kernel(Family.of("optimizer", gradient.dtype()), "adam_w"), Spread.elements(parameter), arguments);
    }

    /// The numbers of a step in device memory; all weights share them, so they are sent once while their scope is
    /// open.
    private Tensor numbers(AdamWStep step) {
        Tensor sent = steps.get(step);
        if (sent == null || !sent.scope().isOpen()) {
            float[] values = {
                (float) step.gradientScale(),
                (float) (1 - step.learningRate() * step.weightDecay()),
                (float) (step.learningRate() / (1 - Math.pow(step.beta1(), step.step()))),
                (float) (1 / Math.sqrt(1 - Math.pow(step.beta2(), step.step()))),
                (float) (1 - step.beta1()),
                (float) step.beta2(),
                (float) (1 - step.beta2()),
                (float) step.epsilon()
            };
            sent = job.upload(Shape.of(values.length), values);
            steps.put(step, sent);
        }
        return sent;
    }
}
