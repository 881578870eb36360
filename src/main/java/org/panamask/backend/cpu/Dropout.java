package org.panamask.backend.cpu;

import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.Into;
import org.panamask.tensor.Tensor;

/// Keyed dropout of the elements of a matrix.
final class Dropout {
    private final CpuJob job;

    Dropout(CpuJob job) {
        this.job = job;
    }

    Tensor dropout(Tensor x, DropoutKey key) {
        Tensor y = job.make(x.shape(), job.dtype());
        apply(x, key, new Into(y, false));
        return y;
    }

    /// `into = dropout(x)`, or added to it.
    void apply(Tensor x, DropoutKey key, Into into) {
        int width = Math.toIntExact(x.shape().last());
        DropoutDraws draws = DropoutDraws.of(key, width);
        job.rows(x.shape().rows(), width, (tile, first, last) -> {
            for (long row = first; row < last; row += draws.group()) {
                long from = row;
                int rows = (int) Math.min(draws.group(), last - row);
                int[] drops = draws.fields(tile, rows, r -> draws.counter(from + r, 0, key.site()));
                for (int r = 0; r < rows; r++) {
                    drop(tile, x, (row + r) * width, draws.row(drops, r), into);
                }
            }
        });
    }

    private static void drop(Tile tile, Tensor x, long from, DropoutDraws.Row drops, Into into) {
        int width = drops.width();
        float[] result = drops.keep(tile, tile.load(0, x, from, width));
        if (into.add()) {
            // Only now: loading half-precision numbers takes the array that held the fields.
            add(result, tile.load(2, into.tensor(), from, width), width);
        }
        tile.store(result, into.tensor(), from, width);
    }

    private static void add(float[] sums, float[] values, int count) {
        for (int i = 0; i < count; i++) {
            sums[i] += values[i];
        }
    }
}
