package org.panamask.data;

/// A small generator of random numbers that any language reproduces bit for bit.
///
/// @see <a href="https://doi.org/10.1145/2660193.2660195">Steele, Lea and Flood 2014, figure 14</a>
public final class SplitMix64 {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    private long state;

    /// A generator that starts at `seed`.
    public SplitMix64(long seed) {
        this.state = seed;
    }

    /// The next 64 bits.
    public long next() {
        state += GAMMA;
        long z = state;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /// A number from 0 to `bound`, excluded; `bound` must be positive.
    public int below(int bound) {
        return (int) ((next() >>> 11) % bound);
    }

    /// Puts `values` into random order, from the last place down.
    public void shuffle(int[] values) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = below(i + 1);
            int kept = values[i];
            values[i] = values[j];
            values[j] = kept;
        }
    }
}
