package org.panamask.backend.cpu;

import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.Into;
import org.panamask.tensor.Operands;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;

/// Rotary embedding, forward and back.
final class Rotary {
    private static final int COSINES = 2;
    private static final int SINES = 3;

    private final CpuJob job;

    Rotary(CpuJob job) {
        this.job = job;
    }

    Tensor rotate(Tensor x, Ops.Rotation rotation) {
        Tensor y = job.make(x.shape(), job.dtype());
        apply(x, rotation, 1, new Into(y, false));
        return y;
    }

    /// The same by the negative angle.
    void rotateBackward(Tensor dy, Ops.Rotation rotation, Into dx) {
        apply(dy, rotation, -1, dx);
    }

    private void apply(Tensor x, Ops.Rotation rotation, float sign, Into into) {
        int width = Math.toIntExact(x.shape().last());
        int elements = Math.toIntExact(x.shape().extent(1)) * width;
        job.rows(x.shape().extent(0), elements, (tile, first, last) -> {
            float[] to = tile.array(5, elements);
            for (long row = first; row < last; row++) {
                angles(tile, rotation, row, sign, elements);
                float[] from = tile.load(0, x, row * elements, elements);
                float[] partners = partners(tile, from, elements, width / 2);
                multiply(to, from, tile.array(COSINES, elements), elements);
                addProduct(to, partners, tile.array(SINES, elements), elements);
                if (into.add()) {
                    add(to, tile.load(4, into.tensor(), row * elements, elements), elements);
                }
                tile.store(to, into.tensor(), row * elements, elements);
            }
        });
    }

    /// The angles of a row for all its heads, so that one long loop turns them: sines are negative in the first
    /// half of a head, where the partner is subtracted.
    private static void angles(Tile tile, Ops.Rotation rotation, long row, float sign, int elements) {
        int position = HostNumbers.intAt(rotation.positions(), row);
        int half = Math.toIntExact(rotation.cos().shape().last());
        Operands.requireIndex(
                "rotate: positions", position, row, rotation.cos().shape().extent(0));
        tile.array(COSINES, elements);
        tile.array(SINES, elements);
        float[] cos = tile.load(COSINES, rotation.cos(), (long) position * half, half);
        float[] sin = tile.load(SINES, rotation.sin(), (long) position * half, half);
        System.arraycopy(cos, 0, cos, half, half);
        for (int i = 0; i < half; i++) {
            float sine = sin[i] * sign;
            sin[i] = -sine;
            sin[half + i] = sine;
        }
        for (int head = 2 * half; head < elements; head += 2 * half) {
            System.arraycopy(cos, 0, cos, head, 2 * half);
            System.arraycopy(sin, 0, sin, head, 2 * half);
        }
    }

    /// The other element of each pair.
    private static float[] partners(Tile tile, float[] from, int elements, int half) {
        float[] partners = tile.array(1, elements);
        for (int head = 0; head < elements; head += 2 * half) {
            System.arraycopy(from, head + half, partners, head, half);
            System.arraycopy(from, head, partners, head + half, half);
        }
        return partners;
    }

    private static void multiply(float[] to, float[] values, float[] factors, int count) {
        for (int i = 0; i < count; i++) {
            to[i] = values[i] * factors[i];
        }
    }

    private static void addProduct(float[] sums, float[] values, float[] factors, int count) {
        for (int i = 0; i < count; i++) {
            sums[i] += values[i] * factors[i];
        }
    }

    private static void add(float[] sums, float[] values, int count) {
        for (int i = 0; i < count; i++) {
            sums[i] += values[i];
        }
    }
}
