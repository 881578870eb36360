package org.panamask.model;

import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.LoraPair;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.checkpoint.WeightSource;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;

/// A product `scale * left right` that is added to a stored matrix, rows by rows: `left` `[rows, r]`, `right`
/// `[r, columns]`, row-major. For a matrix stored `[out, in]` they are B and A, for one stored `[in, out]` their
/// transposes in the other order.
final class LowRank {
    private static final long BLOCK = 1 << 22;

    private final double[] left;
    private final double[] right;
    private final int rank;
    private final double scale;

    private LowRank(double[] left, double[] right, int rank, double scale) {
        this.left = left;
        this.right = right;
        this.rank = rank;
        this.scale = scale;
    }

    /// The branch of `adapter` at `path`, for a weight stored `[in, out]` if `transposed`. The scale is that of the
    /// layer, a 32-bit number.
    static LowRank of(PeftAdapter adapter, String path, boolean transposed) {
        LoraPair pair = adapter.modules().get(path);
        if (pair == null) {
            throw new IllegalArgumentException("merge: the adapter has no module " + path);
        }
        int rank = adapter.config().scaling().rank(path);
        double scale = (float) adapter.config().scaling().scale(path);
        double[] a = pair.a().doubles();
        double[] b = pair.b().doubles();
        return transposed
                ? new LowRank(transpose(a, rank), transpose(b, b.length / rank), rank, scale)
                : new LowRank(b, a, rank, scale);
    }

    private static double[] transpose(double[] matrix, int rows) {
        int columns = matrix.length / rows;
        double[] turned = new double[matrix.length];
        for (int n = 0; n < matrix.length; n++) {
            turned[n % columns * rows + n / columns] = matrix[n];
        }
        return turned;
    }

    /// Checks that the product has the shape of `weight`.
    ///
    /// @throws CheckpointException if it has not
    void require(WeightSource weight) {
        weight.require(Shape.of(left.length / rank, right.length / rank));
    }

    /// `start` plus all `products`, stored as `dtype`, in blocks of rows.
    static Stream<WeightSource> sums(WeightSource start, List<LowRank> products, DType dtype) {
        long rows = start.shape().extent(0);
        long width = start.shape().count() / Math.max(1, rows);
        long step = Math.max(1, BLOCK / Math.max(1, width));
        return LongStream.iterate(0, from -> from < rows, from -> from + step)
                .mapToObj(from -> sum(start, products, from, Math.min(rows, from + step), dtype));
    }

    private static WeightSource sum(WeightSource start, List<LowRank> products, long from, long to, DType dtype) {
        WeightSource block = start.rows(from, to);
        double[] values = block.doubles();
        products.forEach(product -> product.add(values, Math.toIntExact(from), Math.toIntExact(to)));
        float[] rounded = new float[values.length];
        for (int n = 0; n < values.length; n++) {
            rounded[n] = (float) values[n];
            if (dtype == DType.F16 && Double.isFinite(values[n]) && Math.abs(values[n]) >= 65_520) {
                throw new CheckpointException(start.file() + ": tensor " + start.name() + " must hold numbers that F16"
                        + " can hold, at most 65504, but got " + values[n] + "; store it as BF16 or F32");
            }
        }
        return WeightSource.of(start.name(), dtype, block.shape(), rounded);
    }

    private void add(double[] values, int from, int to) {
        int width = right.length / rank;
        for (int row = from; row < to; row++) {
            for (int r = 0; r < rank; r++) {
                addRow(values, (row - from) * width, scale * left[row * rank + r], r * width, width);
            }
        }
    }

    private void addRow(double[] values, int at, double factor, int row, int width) {
        for (int n = 0; n < width; n++) {
            values[at + n] += factor * right[row + n];
        }
    }
}
