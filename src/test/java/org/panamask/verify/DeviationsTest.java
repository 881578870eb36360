package org.panamask.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.panamask.verify.Deviations.Nearness;

/// How numbers of the halves are compared with golden ones.
class DeviationsTest {
    private static final double ROUNDING = 0.08;
    private static final Nearness NEAR = new Nearness(1e-6, 1e-5);

    private final Deviations deviations = new Deviations("a case", ROUNDING);

    private static double[] ones(int count) {
        double[] ones = new double[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static double[] offBy(double error, int count) {
        double[] numbers = ones(count);
        for (int n = 0; n < count; n++) {
            numbers[n] += n % 2 == 0 ? error : -error;
        }
        return numbers;
    }

    @Test
    void numbersOfAPassMayEachBeOffByOneRoundingOfTheLargest() {
        deviations.compare("logits", new double[] {10.7, 0.7}, new double[] {10, 0}, NEAR);
        assertThat(deviations.outcome()).isInstanceOf(CaseOutcome.Passed.class);
        deviations.compare("logits", new double[] {10, 0.9}, new double[] {10, 0}, NEAR);
        assertThat(deviations.outcome()).isInstanceOf(CaseOutcome.Missed.class);
    }

    @Test
    void oneElementOfAGradientMayBeOffByMoreThanAllOfThem() {
        double[] got = ones(100);
        got[17] = 2;
        deviations.compare("gradient of w", got, ones(100), NEAR);
        assertThat(deviations.outcome())
                .isInstanceOfSatisfying(
                        CaseOutcome.Passed.class,
                        passed -> assertThat(passed.share()).isCloseTo(0.1 / (3 * ROUNDING), within(1e-9)));
    }

    @Test
    void allElementsOfAGradientMayNotBeOffByThreeRoundings() {
        deviations.compare("gradient of w", offBy(0.25, 100), ones(100), NEAR);
        assertThat(deviations.outcome()).isEqualTo(missed("the error of all gradients is 2.5, not 0.0 within 2.4"));
    }

    @Test
    void aSmallGradientIsNotHiddenByALargeOne() {
        deviations.compare("gradient of w", ones(10_000), ones(10_000), NEAR);
        deviations.compare("gradient of gain", new double[] {0, 0}, new double[] {1, 1}, NEAR);
        assertThat(deviations.outcome()).isInstanceOf(CaseOutcome.Missed.class);
    }

    @Test
    void whatMustBeEqualIsEqualInTheHalvesToo() {
        deviations.compareIds("ids", new int[] {1, 2}, new int[] {1, 3});
        assertThat(deviations.outcome()).isEqualTo(missed("ids is [1, 2], not [1, 3]"));
    }

    private static CaseOutcome missed(String what) {
        return new CaseOutcome.Missed(List.of("a case: " + what));
    }
}
