package org.panamask.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenWeightingTest {
    @ParameterizedTest
    @CsvSource({"0.25, 1", "0.25, 2", "1, 0", "3, 0.5"})
    void theSlopeIsTheDerivative(double alpha, double gamma) {
        TokenWeighting weighting = new TokenWeighting(alpha, gamma);
        for (double ce : new double[] {0.01, 0.3, 1, 4, 20}) {
            double step = 1e-6 * ce;
            double difference = (weighting.of(ce + step) - weighting.of(ce - step)) / (2 * step);
            assertThat(weighting.slope(ce)).as("at %s", ce).isCloseTo(difference, within(1e-8));
        }
    }

    @Test
    void easyTokensCountLess() {
        TokenWeighting weighting = new TokenWeighting(0.25, 2);

        assertThat(weighting.of(Math.log(2))).isCloseTo(0.25 * 0.25 * Math.log(2), within(1e-15));
        assertThat(weighting.of(100)).isCloseTo(25, within(1e-9));
        assertThat(TokenWeighting.NONE.of(0.7)).isEqualTo(0.7);
        assertThat(TokenWeighting.NONE.slope(0.7)).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"0.5", "1", "2"})
    void aTokenThatIsCertainHasNoSlope(double gamma) {
        TokenWeighting weighting = new TokenWeighting(0.25, gamma);

        assertThat(weighting.of(0)).isZero();
        assertThat(weighting.slope(0)).isZero();
        assertThat(weighting.slope(-1e-7)).isZero();
    }

    @Test
    void rangesAreChecked() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TokenWeighting(0, 1))
                .withMessage("token weighting: alpha must be above 0 and gamma at least 0, but got 0.0 and 1.0");
        assertThatIllegalArgumentException().isThrownBy(() -> new TokenWeighting(1, Double.NaN));
    }
}
