package org.panamask.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.panamask.tensor.TokenWeighting;

/// The losses of LLaDA, dllm and Dream on numbers that one can check by hand.
final class MdlmTest {
    private static final int MASK = 99;

    /// Two rows of 4: the prompts have 2 and 1 columns.
    private static final TokenRows ROWS = TokenRows.of(2, 4, new int[] {10, 11, 12, 13, 20, 21, 22, 23}, new boolean[] {
        false, false, true, true, false, true, true, true
    });

    /// Row 0 at u = 0.5, row 1 at u = 0.25; of each answer the first column is hidden, and the last of row 1.
    private static float noise(NoisePurpose purpose, long sample, int position, int step) {
        if (purpose == NoisePurpose.TIME) {
            return sample == 0 ? 0.5f : 0.25f;
        }
        return sample == 0 && position == 2 || sample == 1 && position != 2 ? 0.125f : 0.9375f;
    }

    private static Corrupted noisy(double epsilon) {
        return new Masker(MASK, epsilon, MdlmTest::noise).corrupt(ROWS, 0);
    }

    @Test
    void schedulesFallFromOneToNothing() {
        assertThat(AlphaSchedule.LINEAR.alpha(0.25f)).isEqualTo(0.75f);
        assertThat(AlphaSchedule.LINEAR.rate(0.25f)).isEqualTo(0.25f);
        assertThat(AlphaSchedule.LINEAR.weight(0.25f)).isCloseTo(1 / 0.250001, within(1e-9));
        assertThat(AlphaSchedule.COSINE.alpha(0)).isEqualTo(1f);
        assertThat(AlphaSchedule.COSINE.alpha(1)).isZero();
        assertThat(AlphaSchedule.COSINE.rate(0.5f)).isCloseTo((float) Math.sqrt(0.5), within(1e-7f));
        assertThat(AlphaSchedule.COSINE.weight(0.5f)).isCloseTo(Math.PI / 2, within(1e-5));
    }

    @Test
    void lladaDividesByTheRateAndTheAnswersLength() {
        Corrupted noisy = noisy(1e-3);
        double first = 1.0 / noisy.times()[0];
        double second = 1.0 / noisy.times()[1];
        assertThat(noisy.times()[0]).isEqualTo(0.5f * 0.999f + 0.001f);
        assertThat(noisy.ids()).containsExactly(10, 11, MASK, 13, 20, MASK, 22, MASK);

        ScoredRows scored = MdlmLoss.llada(LossNormType.SEQUENCE).score(noisy, new LossWindow(1, 5));

        assertThat(scored.rows()).containsExactly(2, 5, 7);
        assertThat(scored.targets()).containsExactly(12, 21, 23);
        assertThat(scored.weights())
                .containsExactly(new double[] {first / 2 / 2, second / 3 / 2, second / 3 / 2}, within(1e-12));
    }

    @Test
    void theNormalisationsDifferInTheirDenominator() {
        Corrupted noisy = noisy(1e-3);
        double first = 1.0 / noisy.times()[0];
        LossWindow window = new LossWindow(4, 50);

        assertThat(weight(LossNormType.TOKEN, noisy, window)).isEqualTo(first / 5 / 4, within(1e-12));
        assertThat(weight(LossNormType.SEQUENCE, noisy, window)).isEqualTo(first / 2 / 2 / 4, within(1e-12));
        assertThat(weight(LossNormType.BATCH, noisy, window)).isEqualTo(first / 2 / 4, within(1e-12));
        assertThat(weight(LossNormType.TOKEN_BOUND, noisy, window)).isEqualTo(first / 50, within(1e-12));
    }

    private static double weight(LossNormType type, Corrupted noisy, LossWindow window) {
        return MdlmLoss.llada(type).score(noisy, window).weights()[0];
    }

    @Test
    void aMaskTokenOfTheDataIsLearntByLladaOnly() {
        TokenRows rows = TokenRows.of(1, 3, new int[] {MASK, 7, MASK}, new boolean[] {false, true, true});
        NoiseSource nothing = (purpose, _, _, _) -> purpose == NoisePurpose.TIME ? 0.5f : 0.9375f;
        Corrupted noisy = new Masker(MASK, 1e-3, nothing).corrupt(rows, 0);
        LossWindow window = new LossWindow(1, 2);

        assertThat(MdlmLoss.llada(LossNormType.SEQUENCE).score(noisy, window).rows())
                .containsExactly(0, 2);
        assertThat(MdlmLoss.llada(LossNormType.TOKEN_BOUND).score(noisy, window).isEmpty())
                .isTrue();
        assertThat(MdlmLoss.mdlm(new RowWeighting.Uniform(), LossNormType.TOKEN, false)
                        .score(noisy, window)
                        .isEmpty())
                .isTrue();
    }

    @Test
    void theScheduleGivesRatesAndWeights() {
        Corrupted noisy = new Masker(MASK, 1e-3, (purpose, _, position, _) -> switch (purpose) {
                    case TIME -> 0.5f;
                    // The rate is cos(pi / 2 * (1 - t)) = 0.708 at t = 0.5005.
                    default -> position == 1 ? 0.7f : 0.72f;
                })
                .corrupt(ROWS, AlphaSchedule.COSINE, 0);
        assertThat(noisy.hidden()).containsExactly(false, false, false, false, false, true, false, false);
        assertThat(noisy.times()[1]).isEqualTo(0.5f * 0.999f + 0.001f);

        ScoredRows scored = MdlmLoss.mdlm(new RowWeighting.Scheduled(AlphaSchedule.COSINE), LossNormType.BATCH, true)
                .score(noisy, new LossWindow(1, 5));

        assertThat(scored.rows()).containsExactly(4);
        assertThat(scored.weights()[0] * 2).isEqualTo(AlphaSchedule.COSINE.weight(noisy.times()[1]));
    }

    @Test
    void contextWeightsAreTheSumOverCleanNeighbours() {
        boolean[] hidden = {false, true, true, false, true, true, true, false, false, true};
        ContextWeights context = new ContextWeights(0.3);
        double[] weights = new double[10];
        context.fill(hidden, weights, 0, 10);
        for (int n = 0; n < 10; n++) {
            double sum = 0;
            for (int i = 0; i < 10; i++) {
                sum += hidden[i] || i == n ? 0 : 0.15 * Math.pow(0.7, Math.abs(n - i) - 1);
            }
            assertThat(weights[n]).isEqualTo(hidden[n] ? sum : 0, within(1e-15));
        }
        new ContextWeights(1).fill(hidden, weights, 0, 10);
        assertThat(weights).containsExactly(0, 0.5, 0.5, 0, 0.5, 0, 0.5, 0, 0, 0.5);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ContextWeights(0))
                .withMessage("context weights: p must be above 0 and at most 1, but got 0.0");
    }

    @Test
    void dreamWeighsByTimeOrContext() {
        Corrupted noisy = noisy(0);
        assertThat(weights(DreamWeighting.ORIGINAL, noisy)).containsExactly(new double[] {2, 4, 4}, within(1e-12));
        assertThat(weights(DreamWeighting.LINEAR, noisy)).containsExactly(new double[] {.5, .75, .75}, within(1e-12));
        assertThat(weights(DreamWeighting.NONE, noisy)).containsExactly(new double[] {1, 1, 1}, within(1e-12));
        // Row 0 is clean but for column 2, of row 1 columns 0 and 2 are clean; p is 0.5.
        assertThat(weights(DreamWeighting.CART, noisy))
                .containsExactly(new double[] {0.25 * (0.5 + 1) + 0.25, 0.25 + 0.25, 0.25 * (0.25 + 1)}, within(1e-12));
    }

    private static double[] weights(DreamWeighting time, Corrupted noisy) {
        DreamLoss loss = new DreamLoss(time, new ContextWeights(0.5), TokenWeighting.NONE, LossNormalization.REFERENCE);
        ScoredRows scored = loss.score(noisy, new LossWindow(2, 5));
        assertThat(scored.rows()).containsExactly(1, 4, 6);
        // Divided by the 3 hidden columns and the 2 micro-batches.
        return scored.scaled(6).weights();
    }

    @Test
    void dreamsBoundIsDividedByTheWholeStep() {
        DreamLoss loss = new DreamLoss(
                DreamWeighting.LINEAR,
                new ContextWeights(0.1),
                new TokenWeighting(0.25, 2),
                LossNormalization.TOKEN_BOUND);
        ScoredRows scored = loss.score(noisy(0), new LossWindow(2, 50));
        assertThat(scored.weights()).containsExactly(new double[] {0.01, 0.015, 0.015}, within(1e-12));
        assertThat(scored.tokens()).isEqualTo(new TokenWeighting(0.25, 2));
    }

    @Test
    void endTokensBehindAnAnswerCanGoTogether() {
        int end = 2;
        TokenRows rows = TokenRows.of(2, 5, new int[] {end, 2, 7, 2, 2, 5, 2, 8, 2, 2}, new boolean[] {
            false, true, true, true, true, false, true, true, true, true
        });
        NoiseSource noise = (purpose, sample, position, _) -> {
            if (purpose == NoisePurpose.TIME) {
                return 0.5f;
            }
            return sample == 0 && position == 3 || sample == 1 && position != 3 ? 0 : 0.9375f;
        };
        Corrupted noisy = new Masker(MASK, 0, noise).corrupt(rows, 0).withEndsAsOne(end);

        assertThat(noisy.ids()).containsExactly(2, 2, 7, MASK, MASK, 5, MASK, MASK, 2, 2);
        assertThat(noisy.hidden()).containsExactly(false, false, false, true, true, false, true, true, false, false);
    }
}
