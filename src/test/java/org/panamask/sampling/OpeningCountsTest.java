package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class OpeningCountsTest {
    private static int[] counts(String transfer, int hidden, int steps) {
        return OpeningCounts.of(BlockSettings.defaults().with("transfer", transfer), hidden, steps);
    }

    @Test
    void quotasAreEqualPartsTheFirstOneMore() {
        assertThat(counts("quota", 8, 3)).containsExactly(3, 3, 2);
        assertThat(counts("quota", 4, 6)).containsExactly(1, 1, 1, 1, 0, 0);
    }

    @Test
    void dreamsTimesOpenNothingFirstAndTwoAtTheEnd() {
        for (int n : new int[] {16, 128, 256, 512}) {
            int[] counts = counts("timestep", n, n);
            assertThat(counts[0]).isZero();
            assertThat(counts[n - 1]).isEqualTo(2);
            assertThat(Arrays.stream(counts).sum()).isEqualTo(n);
        }
        assertThat(counts("timestep", 16, 8)).containsExactly(1, 2, 2, 2, 2, 2, 2, 3);
    }

    @Test
    void noiseSchedulesRoundToEvenAndDropEmptySteps() {
        assertThat(counts("alpha_linear", 16, 6)).containsExactly(3, 3, 2, 3, 2, 3);
        assertThat(counts("alpha_linear", 5, 8)).containsExactly(1, 1, 1, 1, 1);
        assertThat(counts("alpha_cosine", 16, 8)).containsExactly(1, 2, 2, 2, 3, 3, 3);
    }

    @Test
    void drawnCountsOpenEverything() {
        BlockSettings drawn =
                BlockSettings.defaults().with("transfer", "alpha_linear").with("stochastic_transfer", true);
        int[] counts = OpeningCounts.of(drawn, 40, 8);

        assertThat(Arrays.stream(counts).sum()).isEqualTo(40);
        assertThat(counts).isNotEqualTo(counts("alpha_linear", 40, 8));
        assertThat(OpeningCounts.of(drawn, 40, 8)).isEqualTo(counts);
        assertThat(OpeningCounts.of(drawn.with("seed", 1L), 40, 8)).isNotEqualTo(counts);
    }

    @Test
    void rulesThatAskTheModelHaveNoCounts() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> counts("threshold", 4, 4))
                .withMessage("counts: transfer must be quota, timestep, alpha_linear or alpha_cosine and alg not"
                        + " origin, but got THRESHOLD and LOW_CONFIDENCE");
    }
}
