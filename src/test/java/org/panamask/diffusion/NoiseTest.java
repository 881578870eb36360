package org.panamask.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.panamask.tensor.Philox;

/// The layout of the keys is fixed: another one would be another run.
final class NoiseTest {
    @Test
    void numbersAreThoseOfTheDocumentedCounter() {
        int[] words = new int[4];
        long position = 7;
        long sample = 0x0000_0012_8765_4321L;
        Philox.fill(words, 42, position | 0x8765_4321L << 32, 5 | (4L << 24 | 0x12) << 32);

        assertThat(new Noise(42).uniform(NoisePurpose.SAMPLE, sample, 7, 5)).isEqualTo((words[0] >>> 8) * 0x1p-24f);
    }

    @Test
    void keysAreThoseOfTheDocumentedCounter() {
        int[] words = new int[4];
        Philox.fill(words, 42, 9, (128L + 3) << 24 << 32);

        assertThat(new Noise(42).key(NoisePurpose.ANNEAL, 9)).isEqualTo(words[0] & 0xFFFFFFFFL | (long) words[1] << 32);
    }

    /// Computed by another implementation of Philox.
    @Test
    void theFirstNumbersAreKnown() {
        Noise noise = new Noise(0);

        assertThat(noise.uniform(NoisePurpose.TIME, 0, 0, 0)).isEqualTo(6694888 * 0x1p-24f);
        assertThat(noise.uniform(NoisePurpose.MASK, 3, 11, 2)).isEqualTo(16440878 * 0x1p-24f);
        assertThat(noise.key(NoisePurpose.DROPOUT, 1)).isEqualTo(0x0985642ABA9CD8B5L);
    }

    @Test
    void numbersOfDifferentPurposesDiffer() {
        Noise noise = new Noise(1);

        assertThat(noise.uniform(NoisePurpose.MASK, 0, 0, 0)).isNotEqualTo(noise.uniform(NoisePurpose.ORDER, 0, 0, 0));
    }
}
