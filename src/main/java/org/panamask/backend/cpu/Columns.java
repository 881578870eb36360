package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.panamask.tensor.Into;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Some columns of a matrix, row by row.
final class Columns {
    private Columns() {}

    /// The columns of `x` from `from` on that fill `result`.
    static Tensor take(CpuJob job, Tensor x, long from, Shape result) {
        Tensor y = job.make(result, x.dtype());
        long bytes = x.dtype().bytes();
        long width = x.shape().last();
        long count = result.last();
        job.rows(result.extent(0), count, (_, first, last) -> {
            for (long row = first; row < last; row++) {
                MemorySegment.copy(
                        x.memory(), (row * width + from) * bytes, y.memory(), row * count * bytes, count * bytes);
            }
        });
        return y;
    }

    /// Puts `dy` where [#take] took it, or adds it.
    static void putBack(CpuJob job, Tensor dy, long from, Into dx) {
        int count = Math.toIntExact(dy.shape().last());
        int width = Math.toIntExact(dx.tensor().shape().last());
        job.rows(dy.shape().extent(0), width, (tile, first, last) -> {
            for (long row = first; row < last; row++) {
                float[] values = tile.load(0, dy, row * count, count);
                if (dx.add()) {
                    float[] sums = tile.load(1, dx.tensor(), row * width + from, count);
                    add(sums, values, count);
                    tile.store(sums, dx.tensor(), row * width + from, count);
                } else {
                    float[] whole = tile.array(1, width);
                    Arrays.fill(whole, 0, width, 0);
                    System.arraycopy(values, 0, whole, (int) from, count);
                    tile.store(whole, dx.tensor(), row * width, width);
                }
            }
        });
    }

    private static void add(float[] sums, float[] values, int count) {
        for (int i = 0; i < count; i++) {
            sums[i] += values[i];
        }
    }
}
