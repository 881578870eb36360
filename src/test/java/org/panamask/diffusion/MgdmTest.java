package org.panamask.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.panamask.model.Tiny;
import org.panamask.tensor.TokenWeighting;

/// Noise and loss of multi-granularity diffusion.
final class MgdmTest {
    private static final int MASK = 95;

    private static TokenRows rows(int... ids) {
        boolean[] maskable = new boolean[ids.length];
        Arrays.fill(maskable, true);
        return TokenRows.of(1, ids.length, ids, maskable);
    }

    /// At time 1 of 4 a token is hidden with probability 1/2, at time 3 always.
    @Test
    void timesAreWhole() {
        NoiseSource noise = (_, _, position, _) -> new float[] {0.49f, 0.5f, 0.99f}[position];
        DiscreteMasker masker = new DiscreteMasker(MASK, 4, noise);

        DiscreteMasker.Noisy drawn = masker.corrupt(rows(1, 2, 3), 0);
        assertThat(drawn.time(0)).isEqualTo(1);
        assertThat(drawn.ids()).containsExactly(MASK, 2, 3);
        assertThat(masker.corrupt(rows(1, 2, 3), new int[] {3}, 0).ids()).containsExactly(MASK, MASK, MASK);
        assertThat(new DiscreteMasker(MASK, 4, (_, _, _, _) -> Math.nextDown(1f))
                        .corrupt(rows(1), 0)
                        .time(0))
                .isEqualTo(3);
    }

    @Test
    void everyTimeIsDrawnAlikeOften() {
        int[] counts = new int[5];
        DiscreteMasker masker = new DiscreteMasker(MASK, 5, new Noise(4));
        for (int sample = 0; sample < 5000; sample++) {
            counts[masker.corrupt(rows(1).withSamples(sample), 0).time(0)]++;
        }
        assertThat(Arrays.stream(counts)).allSatisfy(count -> assertThat(count).isBetween(900, 1100));
    }

    @Test
    void columnZeroIsScoredWithItsOwnState() {
        DiscreteMasker masker = new DiscreteMasker(MASK, 4, (_, _, _, _) -> 0);
        DiscreteMasker.Noisy noisy = masker.corrupt(rows(5, 6, 7), new int[] {1}, 0);
        TokenWeighting tokens = new TokenWeighting(0.25, 2);
        MgdmLoss loss = new MgdmLoss(4, TimeWeighting.LINEAR, tokens, LossNormalization.REFERENCE);

        ScoredRows scored = loss.score(noisy, new LossWindow(2, 3));

        assertThat(scored.rows()).containsExactly(0, 0, 1);
        assertThat(scored.targets()).containsExactly(5, 6, 7);
        assertThat(scored.weights()).containsExactly(0.5, 0.5, 0.5);
        assertThat(scored.tokens()).isEqualTo(tokens);
        assertThat(loss.scorable(noisy.clean())).isEqualTo(3);
    }

    @Test
    void aMaskTokenInTheDataIsScoredOnlyWhereNoiseHidIt() {
        DiscreteMasker masker = new DiscreteMasker(MASK, 4, (_, _, position, _) -> position == 1 ? 0 : 0.9f);
        DiscreteMasker.Noisy noisy = masker.corrupt(rows(MASK, MASK, 7), new int[] {1}, 0);

        assertThat(noisy.ids()).containsExactly(MASK, MASK, 7);
        assertThat(noisy.hidden()).containsExactly(false, true, false);
        assertThat(new MgdmLoss(4, TimeWeighting.NONE, TokenWeighting.NONE, LossNormalization.REFERENCE)
                        .score(noisy, new LossWindow(1, 3))
                        .rows())
                .containsExactly(0);
    }

    @Test
    void tokenBoundDividesByTheScorableTokensOfTheWindow() {
        DiscreteMasker masker = new DiscreteMasker(MASK, 4, (_, _, _, _) -> 0);
        DiscreteMasker.Noisy noisy = masker.corrupt(rows(5, 6, 7), new int[] {1}, 0);
        MgdmLoss loss = new MgdmLoss(4, TimeWeighting.ORIGINAL, TokenWeighting.NONE, LossNormalization.TOKEN_BOUND);

        assertThat(loss.score(noisy, new LossWindow(2, 10)).weights()).containsExactly(0.05, 0.05, 0.05);
    }

    @Test
    void timesAreWeightedInThreeWays() {
        assertThat(TimeWeighting.ORIGINAL.at(3, 20)).isEqualTo(0.25);
        assertThat(TimeWeighting.LINEAR.at(3, 20)).isEqualTo(17);
        assertThat(TimeWeighting.NONE.at(3, 20)).isEqualTo(1);
    }

    @Test
    void stepsAreChecked() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DiscreteMasker(MASK, 0, new Noise(0)))
                .withMessage("discrete masker: steps must be at least 1, but got 0");
    }

    /// The loss by hand, from the logits of every row.
    @Test
    void theLossIsTheWeightedSumOfTheMaskedTokens() {
        DiscreteMasker masker = new DiscreteMasker(MASK, 4, (_, _, position, _) -> position == 2 ? 1 : 0);
        DiscreteMasker.Noisy noisy = masker.corrupt(rows(5, 6, 7, 8), new int[] {2}, 0);
        TokenWeighting tokens = new TokenWeighting(0.25, 2);
        MgdmLoss loss = new MgdmLoss(4, TimeWeighting.LINEAR, tokens, LossNormalization.REFERENCE);
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            List<double[]> got = tiny.run(ops -> List.of(
                    ops.doubles(loss.score(noisy, new LossWindow(1, 4))
                            .crossEntropy(ops, tiny.model(), noisy.canvas())
                            .loss()),
                    ops.doubles(ops.logits(
                            tiny.model().hidden(ops, noisy.canvas()),
                            tiny.model().head()))));
            double sum = 0;
            for (int column : new int[] {0, 1, 3}) {
                sum += tokens.of(entropy(got.get(1), Math.max(0, column - 1), 5 + column, 97));
            }
            assertThat(got.get(0)[0]).isCloseTo(2 * sum / 3, within(1e-5));
        }
    }

    private static double entropy(double[] logits, int row, int target, int vocabulary) {
        double sum = Arrays.stream(logits, row * vocabulary, (row + 1) * vocabulary)
                .map(Math::exp)
                .sum();
        return Math.log(sum) - logits[row * vocabulary + target];
    }
}
