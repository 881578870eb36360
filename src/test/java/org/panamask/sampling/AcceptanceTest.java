package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AcceptanceTest {
    private static Candidates candidates(double... probabilities) {
        int[] columns = IntStream.range(3, 3 + probabilities.length).toArray();
        return new Candidates(columns, columns, probabilities, probabilities);
    }

    @Test
    void theThresholdTakesWhatReachesItAndAlwaysTheBest() {
        assertThat(Acceptance.threshold(0.5, false).accept(candidates(0.5, 0.2, 0.9, 0.4999)))
                .containsExactly(0, 2);
        assertThat(Acceptance.threshold(0.5, true).accept(candidates(0.5, 0.2, 0.9, 0.4999)))
                .containsExactly(2);
        assertThat(Acceptance.threshold(0.95, false).accept(candidates(0.3, 0.3, 0.1)))
                .containsExactly(0);
    }

    @Test
    void theBentThresholdTakesWhatIsAsGoodAsTheBest() {
        assertThat(Acceptance.bentThreshold(0.9).accept(candidates(0.3, 0.299995, 0.2999)))
                .containsExactly(0, 1);
        assertThat(Acceptance.bentThreshold(0.2).accept(candidates(0.3, 0.1, 0.2)))
                .containsExactly(0, 2);
    }

    @Test
    void theFactorTakesAPrefixOfTheSurest() {
        assertThat(Acceptance.factor(1).accept(candidates(0.7, 0.88, 0.86, 0.87)))
                .containsExactly(1, 3, 2);
        assertThat(Acceptance.factor(1).accept(candidates(0.1, 0.2))).containsExactly(1);
    }

    @Test
    void entropiesBeforeSumUpToTheBound() {
        double[] entropies = {-0.3, -0.05, -0.06, -1.2};
        int[] columns = {0, 1, 2, 3};
        Candidates said = new Candidates(columns, columns, entropies, new double[4]);

        assertThat(Acceptance.entropyBound(0).accept(said)).containsExactly(1);
        assertThat(Acceptance.entropyBound(0.1).accept(said)).containsExactly(1, 2);
        assertThat(Acceptance.entropyBound(0.2).accept(said)).containsExactly(1, 2, 0);
    }

    @Test
    void theHierarchyTakesTheBestOfEachRun() {
        int[] columns = {0, 1, 4, 5, 6, 9};
        double[] sure = {0.5, 0.45, 0.95, 0.96, 0.3, 0.2};
        Candidates said = new Candidates(columns, columns, sure, sure);

        assertThat(Acceptance.hierarchy(0.9, 0.4).accept(said)).containsExactly(0, 2, 3);
        assertThat(Acceptance.hierarchy(0.99, 0.97).accept(said)).containsExactly(3);
    }
}
