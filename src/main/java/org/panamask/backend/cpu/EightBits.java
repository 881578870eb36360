package org.panamask.backend.cpu;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.host.Float8;
import org.panamask.tensor.DType;

/// Numbers rounded to 8-bit floats, but kept as BF16, which holds every such number in every power of two: products of
/// them in BF16 are the products of the 8-bit floats.
final class EightBits {
    private static final int CHUNK = 4096;

    private final CpuJob job;
    private final Float8 type;

    EightBits(CpuJob job, Float8 type) {
        this.job = job;
        this.type = type;
    }

    /// Rounds `count` elements of `from` to the type, in the scale of all of them, and stores them in `to`; both
    /// BF16.
    void round(MemorySegment from, MemorySegment to, long count) {
        float scale = type.scale(largest(from, count));
        float back = 1 / scale;
        job.rows(chunks(count), CHUNK, (tile, first, last) -> {
            for (long chunk = first; chunk < last; chunk++) {
                int length = (int) Math.min(CHUNK, count - chunk * CHUNK);
                float[] values = tile.load(0, from, DType.BF16, chunk * CHUNK, length);
                for (int i = 0; i < length; i++) {
                    values[i] = type.rounded(values[i] * scale) * back;
                }
                tile.store(values, to, DType.BF16, chunk * CHUNK, length);
            }
        });
    }

    /// The largest magnitude; NaN where there is one.
    private float largest(MemorySegment memory, long count) {
        float[] most = new float[Math.toIntExact(chunks(count))];
        job.rows(most.length, CHUNK, (tile, first, last) -> {
            for (int chunk = (int) first; chunk < last; chunk++) {
                int length = (int) Math.min(CHUNK, count - (long) chunk * CHUNK);
                most[chunk] = largest(tile.load(0, memory, DType.BF16, (long) chunk * CHUNK, length), length);
            }
        });
        return largest(most, most.length);
    }

    private static float largest(float[] values, int count) {
        float most = 0;
        for (int i = 0; i < count; i++) {
            most = Math.max(most, Math.abs(values[i]));
        }
        return most;
    }

    private static long chunks(long count) {
        return (count + CHUNK - 1) / CHUNK;
    }
}
