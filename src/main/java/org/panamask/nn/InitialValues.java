package org.panamask.nn;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Philox;
import org.panamask.tensor.Shape;

/// Random starts of weights: element by element from Philox4x32 with 10 rounds under the key `seed`, on the counter
/// words `(index / 4, hash, hash >> 32, 0xFF000000)` with the FNV-1a hash of the weight's name. A weight's start
/// depends on neither the other weights nor the order of making.
///
/// @param seed the Philox key
public record InitialValues(long seed) {
    private static final long PURPOSE = 0xFF000000L << 32;
    private static final long FNV_OFFSET = 0xCBF29CE484222325L;
    private static final long FNV_PRIME = 0x100000001B3L;

    /// Normal numbers around 0, by the Box-Muller transform of pairs of words.
    ///
    /// @param name the weight's name
    /// @param shape its extents
    /// @param deviation the standard deviation
    public HostTensor normal(String name, Shape shape, double deviation) {
        float[] values = new float[Math.toIntExact(shape.count())];
        int[] words = new int[4];
        for (int n = 0; n < values.length; n++) {
            if (n % 4 == 0) {
                fill(words, name, n);
            }
            int pair = n & 2;
            double radius = StrictMath.sqrt(-2 * StrictMath.log(((words[pair] >>> 8) + 1) * 0x1p-24));
            double angle = 2 * Math.PI * ((words[pair + 1] >>> 8) * 0x1p-24);
            double unit = radius * ((n & 1) == 0 ? StrictMath.cos(angle) : StrictMath.sin(angle));
            values[n] = (float) (deviation * unit);
        }
        return HostTensor.of(name, shape, values);
    }

    /// Uniform numbers in `[-bound, bound)`.
    public HostTensor uniform(String name, Shape shape, double bound) {
        float[] values = new float[Math.toIntExact(shape.count())];
        int[] words = new int[4];
        for (int n = 0; n < values.length; n++) {
            if (n % 4 == 0) {
                fill(words, name, n);
            }
            values[n] = (float) (bound * (2 * (double) Philox.uniform(words[n % 4]) - 1));
        }
        return HostTensor.of(name, shape, values);
    }

    /// One number throughout.
    public static HostTensor constant(String name, Shape shape, float value) {
        float[] values = new float[Math.toIntExact(shape.count())];
        Arrays.fill(values, value);
        return HostTensor.of(name, shape, values);
    }

    private void fill(int[] words, String name, int n) {
        long hash = hash(name);
        Philox.fill(words, seed, (n / 4) | (hash << 32), PURPOSE | (hash >>> 32));
    }

    /// FNV-1a over the UTF-8 bytes.
    private static long hash(String name) {
        long hash = FNV_OFFSET;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xFF)) * FNV_PRIME;
        }
        return hash;
    }
}
