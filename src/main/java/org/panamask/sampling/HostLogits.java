package org.panamask.sampling;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.panamask.diffusion.Denoiser;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// The logits of hidden states on the host, row after row. They are formed for a few rows at a time, so that what they
/// take there and on the device does not grow with the rows.
final class HostLogits {
    /// Rows of which logits are there at a time.
    static final int ROWS = 32;

    private final Ops ops;
    private final Tensor hidden;
    private final Denoiser model;
    private final int count;
    private final int vocabulary;
    private double[] read = new double[0];
    private int row = -1;

    /// Before the first row of `hidden`, `[R, D]`.
    HostLogits(Ops ops, Tensor hidden, Denoiser model) {
        this.ops = ops;
        this.hidden = hidden;
        this.model = model;
        this.count = Math.toIntExact(hidden.shape().extent(0));
        this.vocabulary = model.vocabularySize();
    }

    /// Goes on to the next row.
    void next() {
        row++;
        if (row % ROWS == 0) {
            read = ops.scoped(() -> ops.doubles(ops.logits(rows(row), model.head())));
        }
    }

    /// As many rows from `from` on as are read at a time, all of them where there are no more.
    private Tensor rows(int from) {
        if (count <= ROWS) {
            return hidden;
        }
        int[] places = IntStream.range(from, from + ROWS)
                .map(place -> Math.min(place, count - 1))
                .toArray();
        return ops.gatherRows(hidden, ops.upload(Shape.of(ROWS), places));
    }

    /// A copy of the logits of this row.
    double[] row() {
        int start = row % ROWS * vocabulary;
        return Arrays.copyOfRange(read, start, start + vocabulary);
    }
}
