package org.panamask.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LossTest {
    private static final int MASK = 99;
    private static final boolean[] ANSWERS = {false, true, true, true, false, false, true, true};

    /// Two rows of four columns, everything maskable hidden at times 1/2 and 1/4.
    private static Corrupted hidden(int... ids) {
        NoiseSource noise = (purpose, sample, _, _) -> purpose == NoisePurpose.TIME ? sample == 0 ? 0.5f : 0.25f : 0;
        return new Masker(MASK, 1e-9, noise).corrupt(TokenRows.of(2, 4, ids, ANSWERS), 0);
    }

    @Test
    void referenceDividesByTheMaskedTokensOfTheMicroBatch() {
        Corrupted noisy = hidden(1, 2, 3, 4, 5, 6, 7, 8);
        DiffusionLoss loss = new DiffusionLoss(true, LossNormalization.REFERENCE);

        ScoredRows scored = loss.score(noisy, new LossWindow(2, 100));

        assertThat(scored.rows()).containsExactly(0, 1, 2, 5, 6);
        assertThat(scored.targets()).containsExactly(2, 3, 4, 7, 8);
        assertThat(scored.weights()).containsExactly(0.2, 0.2, 0.2, 0.4, 0.4);
    }

    @Test
    void tokenBoundDividesByTheScorableTokensOfTheWindow() {
        Corrupted noisy = hidden(1, 2, 3, 4, 5, 6, 7, 8);
        DiffusionLoss loss = new DiffusionLoss(false, LossNormalization.TOKEN_BOUND);

        assertThat(loss.scorable(noisy.clean())).isEqualTo(5);
        assertThat(loss.score(noisy, new LossWindow(2, 10)).weights()).containsExactly(0.2, 0.2, 0.2, 0.4, 0.4);
        assertThat(loss.score(noisy, new LossWindow(2, 10)).rows()).containsExactly(1, 2, 3, 6, 7);
    }

    @Test
    void aMaskTokenInThePromptCountsUnderReferenceOnly() {
        Corrupted noisy = hidden(1, 2, 3, 4, 5, MASK, 7, 8);

        assertThat(new DiffusionLoss(true, LossNormalization.REFERENCE)
                        .score(noisy, new LossWindow(1, 5))
                        .rows())
                .containsExactly(0, 1, 2, 4, 5, 6);
        assertThat(new DiffusionLoss(true, LossNormalization.TOKEN_BOUND)
                        .score(noisy, new LossWindow(1, 5))
                        .rows())
                .containsExactly(0, 1, 2, 5, 6);
    }

    @Test
    void nothingIsScoredWhereNothingIsMasked() {
        TokenRows rows = TokenRows.of(1, 3, new int[] {1, 2, 3}, new boolean[3]);
        Corrupted noisy = new Masker(MASK, 1e-3, new Noise(0)).corrupt(rows, 0);

        assertThat(new DiffusionLoss(true, LossNormalization.REFERENCE)
                        .score(noisy, new LossWindow(1, 0))
                        .isEmpty())
                .isTrue();
    }

    @Test
    void theFirstColumnIsNotScorableUnderShift() {
        boolean[] everything = new boolean[3];
        Arrays.fill(everything, true);
        TokenRows rows = TokenRows.of(1, 3, new int[] {1, 2, 3}, everything);

        assertThat(new DiffusionLoss(true, LossNormalization.TOKEN_BOUND).scorable(rows))
                .isEqualTo(2);
        assertThat(new DiffusionLoss(false, LossNormalization.TOKEN_BOUND).scorable(rows))
                .isEqualTo(3);
    }

    @Test
    void nextTokensAreScoredUpToTheEndToken() {
        int[] ids = {1, 10, 11, 2, 0, 0};
        boolean[] answer = {false, false, true, true, true, true};
        AutoregressiveLoss loss = new AutoregressiveLoss(0, List.of(2));
        TokenRows rows = TokenRows.of(1, 6, ids, answer);

        ScoredRows scored = loss.score(rows, new LossWindow(1, loss.scorable(rows)));

        assertThat(scored.rows()).containsExactly(1, 2);
        assertThat(scored.targets()).containsExactly(11, 2);
        assertThat(scored.weights()).containsExactly(0.5, 0.5);
    }

    @Test
    void theFirstPaddingIsTheEndWhereTheyAreOneToken() {
        int[] ids = {1, 10, 11, 0, 0, 0};
        boolean[] answer = {false, false, true, true, true, true};

        assertThat(new AutoregressiveLoss(0, List.of(0)).scorable(TokenRows.of(1, 6, ids, answer)))
                .isEqualTo(2);
    }
}
