package org.panamask.diffusion;

import org.panamask.tensor.Philox;

/// Random numbers without state: Philox4x32 with 10 rounds under the key `seed`, on the counter words `(position,
/// sample, step, purpose << 24 | sample >> 32)`, of which the first result word gives 24 bits. They do not depend on
/// how rows are put into batches, on threads, or on what was drawn before.
///
/// @param seed the Philox key
public record Noise(long seed) implements NoiseSource {
    private static final int KEYS = 128;

    @Override
    public float uniform(NoisePurpose purpose, long sample, int position, int step) {
        int[] words = new int[4];
        long high = ((long) purpose.code() << 24) | ((sample >>> 32) & 0xFFFFFF);
        Philox.fill(words, seed, (position & 0xFFFFFFFFL) | (sample << 32), (step & 0xFFFFFFFFL) | (high << 32));
        return Philox.uniform(words[0]);
    }

    /// The key of a device-side draw, such as [org.panamask.tensor.DropoutKey#seed] or the key of an annealed mask:
    /// the first two result words of the counter `(step, step >> 32, 0, (128 + purpose) << 24)`.
    public long key(NoisePurpose purpose, long step) {
        int[] words = new int[4];
        long high = (long) (KEYS + purpose.code()) << 24;
        Philox.fill(words, seed, step, high << 32);
        return (words[0] & 0xFFFFFFFFL) | ((long) words[1] << 32);
    }
}
