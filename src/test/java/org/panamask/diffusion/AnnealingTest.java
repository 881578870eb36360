package org.panamask.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.panamask.tensor.AttentionMask;

final class AnnealingTest {
    private static final AttentionMask OPEN = new AttentionMask.Full();

    @Test
    void noStepsAndOneStepOpenAtOnce() {
        assertThat(new Annealing(0, 1).mask(0, OPEN)).isSameAs(OPEN);
        assertThat(new Annealing(1, 1).mask(0, OPEN)).isSameAs(OPEN);
    }

    @Test
    void attentionOpensInEqualSteps() {
        Annealing annealing = new Annealing(4, 1);

        assertThat(annealing.ratio(0)).isEqualTo(0.25);
        assertThat(annealing.ratio(2)).isEqualTo(0.75);
        assertThat(annealing.mask(3, OPEN)).isSameAs(OPEN);
        assertThat(annealing.mask(0, OPEN))
                .isEqualTo(new AttentionMask.Annealed(0.25, new Noise(1).key(NoisePurpose.ANNEAL, 0), OPEN));
    }

    @Test
    void negativeStepsAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Annealing(-1, 1))
                .withMessage("annealing: steps must not be negative, but got -1");
    }
}
