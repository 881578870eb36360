package org.panamask.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Shape;

final class InitialValuesTest {
    private static final Shape SHAPE = Shape.of(100, 200);

    @Test
    void normalNumbersHaveTheAskedDeviation() {
        HostTensor values = new InitialValues(1).normal("w", SHAPE, 0.02);
        double sum = 0;
        double squares = 0;
        for (int n = 0; n < SHAPE.count(); n++) {
            sum += values.at(n);
            squares += values.at(n) * values.at(n);
        }

        assertThat(sum / SHAPE.count()).isCloseTo(0, within(5e-4));
        assertThat(Math.sqrt(squares / SHAPE.count())).isCloseTo(0.02, within(5e-4));
    }

    @Test
    void uniformNumbersFillTheirRange() {
        HostTensor values = new InitialValues(1).uniform("a", SHAPE, 0.5);
        double least = 0;
        double most = 0;
        for (int n = 0; n < SHAPE.count(); n++) {
            least = Math.min(least, values.at(n));
            most = Math.max(most, values.at(n));
        }

        assertThat(least).isBetween(-0.5, -0.49);
        assertThat(most).isBetween(0.49, 0.5);
    }

    @Test
    void aStartDependsOnNameAndSeedOnly() {
        HostTensor values = new InitialValues(1).normal("w", SHAPE, 1);

        assertThat(new InitialValues(1).normal("w", SHAPE, 1).at(77)).isEqualTo(values.at(77));
        assertThat(new InitialValues(1).normal("v", SHAPE, 1).at(77)).isNotEqualTo(values.at(77));
        assertThat(new InitialValues(2).normal("w", SHAPE, 1).at(77)).isNotEqualTo(values.at(77));
    }

    /// Computed by another implementation of Philox.
    @Test
    void theFirstNumbersAreKnown() {
        HostTensor values = new InitialValues(0).normal("model.embed_tokens.weight", Shape.of(4), 1);

        assertThat(new double[] {values.at(0), values.at(1), values.at(2), values.at(3)})
                .containsExactly(new double[] {-0.58797692, -1.41000682, 0.85551549, 0.13710343}, within(1e-6));
    }
}
