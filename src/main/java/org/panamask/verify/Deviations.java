package org.panamask.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/// Compares what came out of a case with what should have, and keeps the largest share of a tolerance that was used:
/// `|got - want| / (atol + rtol * |want|)`. Values without tolerance must be equal.
final class Deviations {
    private static final int MOST_MISSES = 8;

    private final FixtureCase fixture;
    private final List<String> misses = new ArrayList<>();
    private double largest;
    private int compared;

    Deviations(FixtureCase fixture) {
        this.fixture = fixture;
    }

    /// Compares all elements of `got` with what the case says of `name`, if it says anything.
    void compare(String name, double... got) {
        compare(name, got, _ -> true);
    }

    /// The same for whole numbers.
    void compareWhole(String name, int... got) {
        compare(name, Arrays.stream(got).asDoubleStream().toArray());
    }

    /// The same for truth values, 1 for true.
    void compareMarks(String name, boolean... got) {
        double[] numbers = new double[got.length];
        Arrays.setAll(numbers, n -> got[n] ? 1 : 0);
        compare(name, numbers);
    }

    /// Compares those elements whose index `counts`.
    void compare(String name, double[] got, IntPredicate counts) {
        fixture.expected(name).ifPresent(want -> compare(want, got, counts));
    }

    private void compare(FixtureCase.Expected want, double[] got, IntPredicate counts) {
        if (got.length != want.values().length) {
            miss(want.name() + " has " + got.length + " elements, not " + want.values().length);
            return;
        }
        for (int n = 0; n < got.length; n++) {
            if (counts.test(n) && want.counts(n)) {
                compare(want.name() + "[" + n + "]", got[n], want.values()[n], want.tolerance(n));
            }
        }
    }

    /// Compares one number.
    void compare(String name, double got, double want, double tolerance) {
        compared++;
        double difference = Math.abs(got - want);
        double share = difference == 0 ? 0 : difference / tolerance;
        // A comparison with NaN is false, and a tolerance of 0 makes the share infinite.
        if (!(share <= 1)) {
            miss(name + " is " + got + ", not " + want + (tolerance == 0 ? "" : " within " + tolerance));
        }
        largest = Double.isNaN(share) ? Double.POSITIVE_INFINITY : Math.max(largest, share);
    }

    /// Says what is wrong.
    void miss(String text) {
        if (misses.size() < MOST_MISSES) {
            misses.add(fixture.name() + ": " + text);
        }
        largest = Double.POSITIVE_INFINITY;
    }

    /// Says that something must hold.
    void require(boolean holds, String text) {
        compared++;
        if (!holds) {
            miss(text);
        }
    }

    CaseOutcome outcome() {
        if (compared == 0) {
            miss("nothing was compared");
        }
        return misses.isEmpty() ? new CaseOutcome.Passed(largest) : new CaseOutcome.Missed(misses);
    }
}
