package org.panamask.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class RotaryScalingTest {
    @Test
    void frequenciesFallGeometrically() {
        assertThat(new RotaryScaling.None().frequencies(10_000, 8))
                .containsExactly(new double[] {1, 0.1, 0.01, 0.001}, within(1e-15));
    }

    @Test
    void linearScalingDividesThemAll() {
        assertThat(new RotaryScaling.Linear(4).frequencies(10_000, 4))
                .containsExactly(new double[] {0.25, 0.0025}, within(1e-15));
    }

    @Test
    void llama3KeepsShortWavesAndStretchesLongOnes() {
        double[] plain = new RotaryScaling.None().frequencies(500_000, 128);
        double[] scaled = new RotaryScaling.Llama3(8, 1, 4, 8192).frequencies(500_000, 128);

        assertThat(scaled[0]).isEqualTo(plain[0]);
        assertThat(scaled[63]).isEqualTo(plain[63] / 8);
        assertThat(scaled[32]).isBetween(plain[32] / 8, plain[32]);
    }
}
