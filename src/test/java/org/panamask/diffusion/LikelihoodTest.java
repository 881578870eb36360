package org.panamask.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.panamask.model.Tiny;

final class LikelihoodTest {
    private static final int[] IDS = {1, 20, 30, 40, 50, 2, 1, 60, 70, 80, 90, 2};

    @Test
    void aRowIsEstimatedWithoutItsNeighbours() {
        boolean[] maskable = new boolean[12];
        Arrays.fill(maskable, 2, 6, true);
        Arrays.fill(maskable, 8, 12, true);
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            Likelihood likelihood = new Likelihood(
                    tiny.model(),
                    tiny,
                    4,
                    new DiffusionLoss(true, LossNormalization.REFERENCE),
                    new Masker(95, 1e-3, new Noise(2)));
            Likelihood.Estimate both =
                    likelihood.estimate(TokenRows.of(2, 6, IDS, maskable).withSamples(0, 7));
            Likelihood.Estimate alone = likelihood.estimate(
                    TokenRows.of(1, 6, Arrays.copyOfRange(IDS, 6, 12), Arrays.copyOfRange(maskable, 6, 12))
                            .withSamples(7));

            assertThat(both.rows()[1]).isEqualTo(alone.rows()[0]);
            assertThat(alone.pooled()).isCloseTo(alone.rows()[0], within(1e-12));
            assertThat(Arrays.stream(both.rows()).min().orElseThrow()).isPositive();
        }
    }
}
