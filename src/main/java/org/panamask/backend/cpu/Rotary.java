package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.Into;
import org.panamask.tensor.Ops;
import org.panamask.tensor.ShapeRules;
import org.panamask.tensor.Tensor;

/// Rotary embedding, forward and back.
final class Rotary {
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
        int heads = Math.toIntExact(x.shape().extent(1));
        int elements = heads * width;
        int half = width / 2;
        job.rows(x.shape().extent(0), elements, (tile, first, last) -> {
            float[] cos = tile.array(2, half);
            float[] sin = tile.array(3, half);
            for (long row = first; row < last; row++) {
                angles(rotation, row, cos, sin);
                scale(sin, sign, half);
                float[] from = tile.load(0, x, row * elements, elements);
                float[] to = tile.array(1, elements);
                for (int head = 0; head < elements; head += width) {
                    turn(from, to, head, new Angles(cos, sin, half));
                }
                if (into.add()) {
                    float[] sums = tile.load(4, into.tensor(), row * elements, elements);
                    for (int i = 0; i < elements; i++) {
                        to[i] += sums[i];
                    }
                }
                tile.store(to, into.tensor(), row * elements, elements);
            }
        });
    }

    private record Angles(float[] cos, float[] sin, int half) {}

    private static void angles(Ops.Rotation rotation, long row, float[] cos, float[] sin) {
        int half = Math.toIntExact(rotation.cos().shape().last());
        int position = HostNumbers.intAt(rotation.positions(), row);
        ShapeRules.requireIndex(
                "rotate: positions", position, row, rotation.cos().shape().extent(0));
        long from = (long) position * half * 4;
        MemorySegment.copy(rotation.cos().memory(), ValueLayout.JAVA_FLOAT, from, cos, 0, half);
        MemorySegment.copy(rotation.sin().memory(), ValueLayout.JAVA_FLOAT, from, sin, 0, half);
    }

    private static void scale(float[] values, float factor, int count) {
        for (int i = 0; i < count; i++) {
            values[i] *= factor;
        }
    }

    // Two loops, each with one array written at one place, so that both become vector instructions.
    private static void turn(float[] from, float[] to, int head, Angles angles) {
        float[] cos = angles.cos();
        float[] sin = angles.sin();
        int half = angles.half();
        for (int i = 0; i < half; i++) {
            to[head + i] = from[head + i] * cos[i] - from[head + half + i] * sin[i];
        }
        for (int i = 0; i < half; i++) {
            to[head + half + i] = from[head + half + i] * cos[i] + from[head + i] * sin[i];
        }
    }
}
