package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Set;
import org.panamask.ffi.DnnlNormalization.Flag;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Layer normalisation: forward by oneDNN, back by loops, in F32 whatever the storage type.
final class LayerNormalization {
    private static final Set<Flag> FLAGS = Set.of(Flag.SCALE, Flag.SHIFT);

    private final CpuJob job;

    LayerNormalization(CpuJob job) {
        this.job = job;
    }

    Tensor layerNorm(Tensor x, Weight gain, Weight bias, double epsilon) {
        Tensor y = job.make(x.shape(), job.dtype());
        MemorySegment factors = CpuWeight.of(job, gain).plain(job, DType.F32);
        MemorySegment offsets = CpuWeight.of(job, bias).plain(job, DType.F32);
        long rows = x.shape().rows();
        for (long done = 0; done < rows; ) {
            long step = RowSteps.function(rows - done);
            long offset = done * x.shape().last() * x.dtype().bytes();
            Layout layout = Layout.matrix(job.type(), step, x.shape().last());
            job.run(
                    new Plan.Normalization(layout, (float) epsilon, FLAGS),
                    x.memory().asSlice(offset),
                    y.memory().asSlice(offset),
                    factors,
                    offsets);
            done += step;
        }
        return y;
    }

    /// With `c = x - mean`, `r = 1 / sqrt(mean(c^2) + epsilon)` and `g = gain * dy`: `dx = r * (g - mean(g)) - c *
    /// r^3 * mean(g * c)`.
    void layerNormBackward(Tensor dy, Tensor x, Weight gain, double epsilon, Into dx) {
        Tensor gains = CpuWeight.of(job, gain).value();
        int width = Math.toIntExact(x.shape().last());
        job.rows(x.shape().rows(), width, (tile, first, last) -> {
            float[] g = tile.load(3, gains, 0, width);
            for (long row = first; row < last; row++) {
                float[] xs = tile.load(0, x, row * width, width);
                float r = center(xs, width, epsilon);
                float[] ds = tile.load(1, dy, row * width, width);
                Normalization.multiply(ds, g, width);
                shift(ds, -Sums.sum(ds, width) / width, width);
                float mean = Sums.dot(ds, xs, width) / width;
                float[] result = tile.array(2, width);
                Normalization.scale(result, ds, r, width);
                Normalization.addScaled(result, xs, -r * r * r * mean, width);
                if (dx.add()) {
                    Normalization.add(result, tile.load(4, dx.tensor(), row * width, width), width);
                }
                tile.store(result, dx.tensor(), row * width, width);
            }
        });
    }

    /// `dgain += sum over rows of dy * c * r`.
    void layerNormGainBackward(Tensor dy, Tensor x, double epsilon, Tensor dgain) {
        int width = Math.toIntExact(x.shape().last());
        new Sums(job).overRows(x.shape().rows(), dgain, (tile, sums, row) -> {
            float[] xs = tile.load(0, x, row * width, width);
            float r = center(xs, width, epsilon);
            Normalization.addProduct(sums, tile.load(1, dy, row * width, width), xs, r, width);
        });
    }

    /// Takes the mean from `xs` and returns one over the deviation.
    private static float center(float[] xs, int width, double epsilon) {
        shift(xs, -Sums.sum(xs, width) / width, width);
        return (float) (1 / Math.sqrt(Sums.dot(xs, xs, width) / (double) width + epsilon));
    }

    private static void shift(float[] values, float by, int count) {
        for (int i = 0; i < count; i++) {
            values[i] += by;
        }
    }
}
