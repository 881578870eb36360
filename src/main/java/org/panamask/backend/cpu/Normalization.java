package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Set;
import org.panamask.ffi.DnnlBinary;
import org.panamask.ffi.DnnlNormalization.Flag;
import org.panamask.ffi.DnnlType;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Root mean square normalisation: forward by oneDNN, back by loops, in F32 whatever the storage type.
final class Normalization {
    private static final Set<Flag> BARE = Set.of(Flag.RMS);
    private static final Set<Flag> SCALED = Set.of(Flag.RMS, Flag.SCALE);

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
            job.run(new Plan.Normalization(layout, epsilon, SCALED), x, y, gain);
        } else {
            // The normalised row is rounded to the storage type before the product.
            job.run(new Plan.Normalization(layout, epsilon, BARE), x, y);
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
        new Sums(job).overRows(x.shape().rows(), dgain, (tile, sums, row) -> {
            float[] xs = tile.load(0, x, row * width, width);
            float[] ds = tile.load(1, dy, row * width, width);
            addProduct(sums, ds, xs, inverse(xs, width, epsilon), width);
        });
    }

    private static float inverse(float[] xs, int width, double epsilon) {
        return (float) (1 / Math.sqrt(Sums.dot(xs, xs, width) / (double) width + epsilon));
    }

    static void multiply(float[] values, float[] factors, int count) {
        for (int i = 0; i < count; i++) {
            values[i] *= factors[i];
        }
    }

    static void scale(float[] result, float[] values, float factor, int count) {
        for (int i = 0; i < count; i++) {
            result[i] = values[i] * factor;
        }
    }

    static void addScaled(float[] sums, float[] values, float factor, int count) {
        for (int i = 0; i < count; i++) {
            sums[i] += values[i] * factor;
        }
    }

    static void add(float[] sums, float[] values, int count) {
        for (int i = 0; i < count; i++) {
            sums[i] += values[i];
        }
    }

    static void addProduct(float[] sums, float[] ds, float[] xs, float r, int count) {
        for (int i = 0; i < count; i++) {
            sums[i] += ds[i] * xs[i] * r;
        }
    }
}
