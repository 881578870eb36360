package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.panamask.backend.host.HostNumbers;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.AdamWStep;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.Operands;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Sums over rows and tensors, scattered sums, and the optimizer. Sums are cut in places that do not depend on the
/// number of threads.
final class Sums {
    private static final int CHUNK = 4096;

    /// Rows that are summed before their sum meets those of other rows; the same for any number of threads.
    private static final int SUMMED_ROWS = 64;

    private final CpuJob job;

    Sums(CpuJob job) {
        this.job = job;
    }

    /// The inner product, in eight partial sums.
    static float dot(float[] a, float[] b, int count) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int whole = count & -8;
        for (int i = 0; i < whole; i += 8) {
            s0 += a[i] * b[i];
            s1 += a[i + 1] * b[i + 1];
            s2 += a[i + 2] * b[i + 2];
            s3 += a[i + 3] * b[i + 3];
            s4 += a[i + 4] * b[i + 4];
            s5 += a[i + 5] * b[i + 5];
            s6 += a[i + 6] * b[i + 6];
            s7 += a[i + 7] * b[i + 7];
        }
        for (int i = whole; i < count; i++) {
            s0 += a[i] * b[i];
        }
        return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
    }

    /// The sum, in eight partial sums.
    static float sum(float[] a, int count) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int whole = count & -8;
        for (int i = 0; i < whole; i += 8) {
            s0 += a[i];
            s1 += a[i + 1];
            s2 += a[i + 2];
            s3 += a[i + 3];
            s4 += a[i + 4];
            s5 += a[i + 5];
            s6 += a[i + 6];
            s7 += a[i + 7];
        }
        for (int i = whole; i < count; i++) {
            s0 += a[i];
        }
        return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
    }

    /// What row `row` adds to `sums`; arrays 0 and 1 of the tile are free.
    @FunctionalInterface
    interface RowTerm {
        void add(Tile tile, float[] sums, long row);
    }

    /// Adds the terms of `rows` rows to `sum` `[D]`.
    void overRows(long rows, Tensor sum, RowTerm term) {
        int width = Math.toIntExact(sum.count());
        long groups = (rows + SUMMED_ROWS - 1) / SUMMED_ROWS;
        try (Frame frame = job.frame()) {
            MemorySegment partial = frame.take(groups * width * 4);
            job.rows(groups, (long) SUMMED_ROWS * width, (tile, first, last) -> {
                for (long group = first; group < last; group++) {
                    float[] sums = tile.array(2, width);
                    Arrays.fill(sums, 0, width, 0);
                    long end = Math.min(rows, (group + 1) * SUMMED_ROWS);
                    for (long row = group * SUMMED_ROWS; row < end; row++) {
                        term.add(tile, sums, row);
                    }
                    tile.store(sums, partial, DType.F32, group * width, width);
                }
            });
            addGroups(partial, groups, width, sum);
        }
    }

    private void addGroups(MemorySegment partial, long groups, int width, Tensor sum) {
        job.rows(1, width, (tile, _, _) -> {
            float[] sums = tile.load(0, sum, 0, width);
            for (long group = 0; group < groups; group++) {
                Normalization.add(sums, tile.load(1, partial, DType.F32, group * width, width), width);
            }
            tile.store(sums, sum, 0, width);
        });
    }

    void biasBackward(Tensor dy, Tensor dbias) {
        int width = Math.toIntExact(dy.shape().last());
        long rows = dy.shape().extent(0);
        job.rows(width, rows, (tile, first, last) -> {
            int count = (int) (last - first);
            float[] sums = tile.load(0, dbias, first, count);
            for (long row = 0; row < rows; row++) {
                float[] values = tile.load(1, dy, row * width + first, count);
                for (int i = 0; i < count; i++) {
                    sums[i] += values[i];
                }
            }
            tile.store(sums, dbias, first, count);
        });
    }

    /// Adds rows of `dy` to rows of `table`; the same row may be named twice, so one thread does it all, in order.
    void embeddingBackward(Tensor dy, Tensor ids, Tensor table) {
        int width = Math.toIntExact(dy.shape().last());
        job.rows(1, 1, (tile, _, _) -> {
            for (long row = 0; row < ids.count(); row++) {
                long id = HostNumbers.intAt(ids, row);
                Operands.requireIndex(
                        "embeddingBackward: ids", id, row, table.shape().extent(0));
                addRow(tile, dy, row * width, table, id * width);
            }
        });
    }

    /// Adds rows of `dy` to the rows `rows` of `dx`: by one thread, in order, unless they ascend, because then none
    /// is named twice.
    void gatherRowsBackward(Tensor dy, Tensor rows, Into dx) {
        int width = Math.toIntExact(dy.shape().last());
        Workers.Share share = (tile, first, last) -> {
            for (long row = first; row < last; row++) {
                long target = HostNumbers.intAt(rows, row);
                Operands.requireIndex(
                        "gatherRowsBackward: rows",
                        target,
                        row,
                        dx.tensor().shape().extent(0));
                addRow(tile, dy, row * width, dx.tensor(), target * width);
            }
        };
        if (ascends(rows)) {
            job.rows(rows.count(), width, share);
        } else {
            job.rows(1, 1, (tile, _, _) -> share.run(tile, 0, rows.count()));
        }
    }

    private static boolean ascends(Tensor rows) {
        for (long row = 1; row < rows.count(); row++) {
            if (HostNumbers.intAt(rows, row) <= HostNumbers.intAt(rows, row - 1)) {
                return false;
            }
        }
        return true;
    }

    private static void addRow(Tile tile, Tensor from, long at, Tensor to, long where) {
        int width = Math.toIntExact(from.shape().last());
        float[] values = tile.load(0, from, at, width);
        float[] sums = tile.load(1, to, where, width);
        for (int i = 0; i < width; i++) {
            sums[i] += values[i];
        }
        tile.store(sums, to, where, width);
    }

    Tensor sumOfSquares(List<Tensor> tensors) {
        Tensor result = job.make(Shape.of(1), DType.F64);
        double sum = 0;
        for (Tensor tensor : tensors) {
            int chunks = Math.toIntExact((tensor.count() + CHUNK - 1) / CHUNK);
            double[] partial = new double[chunks];
            job.rows(chunks, CHUNK, (tile, first, last) -> {
                for (int chunk = (int) first; chunk < last; chunk++) {
                    int count = (int) Math.min(CHUNK, tensor.count() - (long) chunk * CHUNK);
                    partial[chunk] = squares(tile.load(0, tensor, (long) chunk * CHUNK, count), count);
                }
            });
            sum += Arrays.stream(partial).sum();
        }
        HostNumbers.put(result, 0, sum);
        return result;
    }

    private static double squares(float[] values, int count) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int whole = count & -4;
        for (int i = 0; i < whole; i += 4) {
            s0 += (double) values[i] * values[i];
            s1 += (double) values[i + 1] * values[i + 1];
            s2 += (double) values[i + 2] * values[i + 2];
            s3 += (double) values[i + 3] * values[i + 3];
        }
        for (int i = whole; i < count; i++) {
            s0 += (double) values[i] * values[i];
        }
        return (s0 + s1) + (s2 + s3);
    }

    void adamW(Tensor parameter, Tensor gradient, Tensor mean, Tensor meanSquare, AdamWStep step) {
        Update update = Update.of(step);
        long count = parameter.count();
        job.rows((count + CHUNK - 1) / CHUNK, CHUNK, (tile, first, last) -> {
            for (long chunk = first; chunk < last; chunk++) {
                long from = chunk * CHUNK;
                int length = (int) Math.min(CHUNK, count - from);
                float[] g = tile.load(0, gradient, from, length);
                float[] m = tile.load(1, mean, from, length);
                float[] v = tile.load(2, meanSquare, from, length);
                float[] p = tile.load(3, parameter, from, length);
                update.moments(g, m, v, length);
                update.parameters(p, m, v, length);
                tile.store(m, mean, from, length);
                tile.store(v, meanSquare, from, length);
                tile.store(p, parameter, from, length);
            }
        });
    }

    /// The numbers of one step in F32.
    private record Update(AdamWStep step, float gradientScale, float keep, float size, float root) {
        static Update of(AdamWStep step) {
            return new Update(
                    step,
                    (float) step.gradientScale(),
                    (float) (1 - step.learningRate() * step.weightDecay()),
                    (float) (step.learningRate() / (1 - Math.pow(step.beta1(), step.step()))),
                    (float) (1 / Math.sqrt(1 - Math.pow(step.beta2(), step.step()))));
        }

        void moments(float[] g, float[] m, float[] v, int count) {
            float beta1 = (float) (1 - step.beta1());
            float beta2 = (float) step.beta2();
            float rest2 = (float) (1 - step.beta2());
            float scale = gradientScale;
            for (int i = 0; i < count; i++) {
                float scaled = g[i] * scale;
                m[i] += (scaled - m[i]) * beta1;
                v[i] = v[i] * beta2 + scaled * scaled * rest2;
            }
        }

        void parameters(float[] p, float[] m, float[] v, int count) {
            float epsilon = (float) step.epsilon();
            float stays = keep;
            float rate = size;
            float factor = root;
            for (int i = 0; i < count; i++) {
                p[i] = p[i] * stays - rate * m[i] / ((float) Math.sqrt(v[i]) * factor + epsilon);
            }
        }
    }
}
