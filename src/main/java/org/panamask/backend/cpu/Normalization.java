package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.panamask.ffi.DnnlBinary;
import org.panamask.ffi.DnnlType;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Root mean square normalisation: forward by oneDNN, back by loops, in F32 whatever the storage type.
final class Normalization {
    /// Rows whose gain gradients are summed before they meet those of other rows; the same for any number of
    /// threads.
    private static final int SUMMED_ROWS = 64;

    private final CpuJob job;

    Normalization(CpuJob job) {
        this.job = job;
    }

    Tensor rmsNorm(Tensor x, Weight gain, double epsilon) {
        Tensor y = job.make(x.shape(), job.dtype());
        MemorySegment factors = CpuWeight.of(job, gain).plain(job, job.dtype());
        long rows = x.shape().rows();
        for (long done = 0; done < rows; ) {
            long step = RowSteps.function(rows - done);
            long offset = done * x.shape().last() * x.dtype().bytes();
            normalize(
                    x.memory().asSlice(offset),
                    y.memory().asSlice(offset),
                    factors,
                    Layout.matrix(job.type(), step, x.shape().last()),
                    (float) epsilon);
            done += step;
        }
        return y;
    }

    private void normalize(MemorySegment x, MemorySegment y, MemorySegment gain, Layout layout, float epsilon) {
        if (layout.type() == DnnlType.F32) {
            job.run(new Plan.Normalization(layout, epsilon, true), x, y, gain);
        } else {
            // The normalised row is rounded to the storage type before the product.
            job.run(new Plan.Normalization(layout, epsilon, false), x, y);
            Layout row = Layout.matrix(layout.type(), 1, layout.columns());
            job.run(new Plan.Binary(DnnlBinary.MUL, layout, row, false), y, gain, y);
        }
    }

    /// With `r = 1 / sqrt(mean(x^2) + epsilon)` and `g = gain * dy`: `dx = r * g - x * r^3 * mean(g * x)`.
    void rmsNormBackward(Tensor dy, Tensor x, Weight gain, double epsilon, Into dx) {
        CpuWeight factors = CpuWeight.of(job, gain);
        Tensor gains = factors.value();
        int width = Math.toIntExact(x.shape().last());
        job.rows(x.shape().rows(), width, (tile, first, last) -> {
            float[] g = tile.load(3, gains, 0, width);
            for (long row = first; row < last; row++) {
                float[] xs = tile.load(0, x, row * width, width);
                float[] ds = tile.load(1, dy, row * width, width);
                multiply(ds, g, width);
                float r = inverse(xs, width, epsilon);
                float mean = Sums.dot(ds, xs, width) / width;
                float[] result = tile.array(2, width);
                scale(result, ds, r, width);
                addScaled(result, xs, -r * r * r * mean, width);
                if (dx.add()) {
                    add(result, tile.load(4, dx.tensor(), row * width, width), width);
                }
                tile.store(result, dx.tensor(), row * width, width);
            }
        });
    }

    /// `dgain += sum over rows of dy * x * r`.
    void rmsNormGainBackward(Tensor dy, Tensor x, double epsilon, Tensor dgain) {
        int width = Math.toIntExact(x.shape().last());
        long rows = x.shape().rows();
        long groups = (rows + SUMMED_ROWS - 1) / SUMMED_ROWS;
        try (Frame frame = job.frame()) {
            MemorySegment partial = frame.take(groups * width * 4);
            job.rows(groups, (long) SUMMED_ROWS * width, (tile, first, last) -> {
                for (long group = first; group < last; group++) {
                    float[] sums = tile.array(2, width);
                    Arrays.fill(sums, 0, width, 0);
                    long end = Math.min(rows, (group + 1) * SUMMED_ROWS);
                    for (long row = group * SUMMED_ROWS; row < end; row++) {
                        float[] xs = tile.load(0, x, row * width, width);
                        float[] ds = tile.load(1, dy, row * width, width);
                        addProduct(sums, ds, xs, inverse(xs, width, epsilon), width);
                    }
                    tile.store(sums, partial, DType.F32, group * width, width);
                }
            });
            addGroups(partial, groups, width, dgain);
        }
    }

    private void addGroups(MemorySegment partial, long groups, int width, Tensor sum) {
        job.rows(1, width, (tile, _, _) -> {
            float[] sums = tile.load(0, sum, 0, width);
            for (long group = 0; group < groups; group++) {
                add(sums, tile.load(1, partial, DType.F32, group * width, width), width);
            }
            tile.store(sums, sum, 0, width);
        });
    }

    private static float inverse(float[] xs, int width, double epsilon) {
        return (float) (1 / Math.sqrt(Sums.dot(xs, xs, width) / (double) width + epsilon));
    }

    private static void multiply(float[] values, float[] factors, int count) {
        for (int i = 0; i < count; i++) {
            values[i] *= factors[i];
        }
    }

    private static void scale(float[] result, float[] values, float factor, int count) {
        for (int i = 0; i < count; i++) {
            result[i] = values[i] * factor;
        }
    }

    private static void addScaled(float[] sums, float[] values, float factor, int count) {
        for (int i = 0; i < count; i++) {
            sums[i] += values[i] * factor;
        }
    }

    private static void add(float[] sums, float[] values, int count) {
        for (int i = 0; i < count; i++) {
            sums[i] += values[i];
        }
    }

    private static void addProduct(float[] sums, float[] ds, float[] xs, float r, int count) {
        for (int i = 0; i < count; i++) {
            sums[i] += ds[i] * xs[i] * r;
        }
    }
}
