package org.panamask.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class MeanTest {
    @Test
    void theErrorIsTheSamplesDeviationOverTheRootOfTheCount() {
        Mean mean = Mean.of(1, 2, 3, 4);

        assertThat(mean.value()).isEqualTo(2.5);
        assertThat(mean.standardError()).isCloseTo(Math.sqrt(5.0 / 3 / 4), within(1e-15));
        assertThat(mean.count()).isEqualTo(4);
    }

    @Test
    void oneRowHasNoErrorAndNoneHasNoMean() {
        assertThat(Mean.of(7)).isEqualTo(new Mean(7, Double.NaN, 1));
        assertThat(Mean.of()).isEqualTo(new Mean(Double.NaN, Double.NaN, 0));
    }
}
