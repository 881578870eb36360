package org.panamask.tensor;

/// Philox4x32: a counter-based generator. The same counter and key give the same four words on every device, so nothing
/// about random numbers is ever saved, shared or ordered.
///
/// @see <a href="https://doi.org/10.1145/2063384.2063405">Salmon et al. 2011, Parallel random numbers: as easy as 1,
///     2, 3</a>
public final class Philox {
    private static final long M0 = 0xD2511F53L;
    private static final long M1 = 0xCD9E8D57L;
    private static final int W0 = 0x9E3779B9;
    private static final int W1 = 0xBB67AE85;

    private Philox() {}

    /// Ten rounds on the counter `(c0, c1, c2, c3)`, the standard generator.
    ///
    /// @param words receives the four words
    /// @param key the two key words, the low one in the low half
    /// @param counter the first two counter words, the low one in the low half
    /// @param more the last two counter words, the low one in the low half
    public static void fill(int[] words, long key, long counter, long more) {
        rounds(10, words, key, counter, more);
    }

    /// `count` rounds; the annealing draw uses 7, the fewest that pass BigCrush in the paper's table 2.
    ///
    /// @param count the number of rounds
    /// @param words receives the four words
    /// @param key the two key words, the low one in the low half
    /// @param counter the first two counter words, the low one in the low half
    /// @param more the last two counter words, the low one in the low half
    public static void rounds(int count, int[] words, long key, long counter, long more) {
        int k0 = (int) key;
        int k1 = (int) (key >>> 32);
        int c0 = (int) counter;
        int c1 = (int) (counter >>> 32);
        int c2 = (int) more;
        int c3 = (int) (more >>> 32);
        for (int round = 0; round < count; round++) {
            long p0 = M0 * (c0 & 0xFFFFFFFFL);
            long p1 = M1 * (c2 & 0xFFFFFFFFL);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += W0;
            k1 += W1;
        }
        words[0] = c0;
        words[1] = c1;
        words[2] = c2;
        words[3] = c3;
    }

    /// A word as a number in `[0, 1)` with 24 bits, as PyTorch draws f32 uniforms.
    public static float uniform(int word) {
        return (word >>> 8) * 0x1p-24f;
    }
}
