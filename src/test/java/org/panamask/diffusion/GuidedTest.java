package org.panamask.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.panamask.model.Tiny;
import org.panamask.tensor.AttentionMask;

/// Guidance is a second pass over the same canvas without what is given.
class GuidedTest {
    private static final int MASK = 156;
    private static final int[] IDS = {3, 9, MASK, MASK};
    private static final int[] POSITIONS = {0, 2, 3, 5};

    @Test
    void statesAreThoseOfBothPassesAtTheSamePositions() {
        try (Tiny tiny = Tiny.open(Tiny.samplerFolder("llada-tiny"), "reference")) {
            Canvas asked = Canvas.of(1, 4, IDS).withPositions(POSITIONS).withRows(new int[] {2, 3});
            double[] with = hidden(tiny, tiny.model(), asked);
            double[] without = hidden(
                    tiny,
                    tiny.model(),
                    Canvas.of(1, 4, new int[] {MASK, MASK, MASK, MASK})
                            .withPositions(POSITIONS)
                            .withRows(new int[] {2, 3}));
            Guided guided = new Guided(tiny.model(), MASK, 0.5, new boolean[] {true, true, false, false});

            double[] got = hidden(tiny, guided, asked);
            assertThat(got).hasSameSizeAs(with);
            for (int n = 0; n < got.length; n++) {
                assertThat(got[n]).isCloseTo(without[n] + 1.5 * (with[n] - without[n]), within(1e-5));
            }
        }
    }

    @Test
    void whatTheSecondPassWouldNotHaveIsRefused() {
        try (Tiny tiny = Tiny.open(Tiny.samplerFolder("llada-tiny"), "reference")) {
            Guided guided = new Guided(tiny.model(), MASK, 0.5, new boolean[4]);
            Canvas causal = Canvas.of(1, 4, IDS).withMask(new AttentionMask.Causal());

            assertThatIllegalArgumentException()
                    .isThrownBy(() -> hidden(tiny, guided, causal))
                    .withMessageStartingWith("guidance: a canvas under full attention is needed");
        }
    }

    private static double[] hidden(Tiny tiny, Denoiser model, Canvas canvas) {
        return tiny.run(ops -> ops.doubles(model.hidden(ops, canvas)));
    }
}
