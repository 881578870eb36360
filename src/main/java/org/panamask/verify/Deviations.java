package org.panamask.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;

/// Compares what came out of a case with what should have, and keeps the largest share of a tolerance that was used:
/// `|got - want| / (atol + rtol * |want|)`. Values without tolerance must be equal.
final class Deviations {
    private static final int MOST_MISSES = 8;

    /// How much more roundings may add up to in gradients, whose numbers largely cancel each other. They are
    /// compared by their root sum of squares, because what a single element is off by is the luck of one draw: with
    /// weights moved at random by half a step of bf16, in 164 draws, single elements were off by up to 7 times on
    /// the reference backend and on cuda alike, but all gradients of a model by less than 3 in all draws but two
    /// (3.2).
    private static final double WAY_BACK = 3;

    /// The same for the gradient of one weight, which was off by up to 5.5 times.
    private static final double WAY_BACK_OF_ONE = 6;

    private final String fixture;
    private final Function<String, Optional<FixtureCase.Expected>> expected;
    private final double rounding;
    private final List<String> misses = new ArrayList<>();
    private final Distance gradients = new Distance();
    private double largest;
    private int compared;

    /// For a case that says itself what must come out under each name, and how near. Where numbers may differ at
    /// all, they may by `rounding` of the largest magnitude compared with them.
    Deviations(FixtureCase fixture, double rounding) {
        this.fixture = fixture.name();
        this.expected = fixture::expected;
        this.rounding = rounding;
    }

    /// For the case called `fixture`, whose runner says what must come out.
    Deviations(String fixture, double rounding) {
        this.fixture = fixture;
        this.expected = _ -> Optional.empty();
        this.rounding = rounding;
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
        expected.apply(name).ifPresent(want -> compare(want, got, counts));
    }

    private void compare(FixtureCase.Expected want, double[] got, IntPredicate counts) {
        if (got.length != want.values().length) {
            miss(want.name() + " has " + got.length + " elements, not " + want.values().length);
            return;
        }
        compareEach(
                want.name(), got, want.values(), new Allowance(want::tolerance, n -> counts.test(n) && want.counts(n)));
    }

    /// Compares numbers that must be as `near` to those of `want` as it says.
    void compare(String name, double[] got, double[] want, Nearness near) {
        compare(name, got, want, near, _ -> true);
    }

    /// Compares those of them whose index `counts`.
    void compare(String name, double[] got, double[] want, Nearness near, IntPredicate counts) {
        if (got.length != want.length) {
            miss(name + " has " + got.length + " elements, not " + want.length);
            return;
        }
        compareEach(name, got, want, new Allowance(n -> near.of(want[n]), counts));
    }

    /// How near elements must be without roundings.
    ///
    /// @param tolerance of each
    /// @param counts whether it is compared
    private record Allowance(IntToDoubleFunction tolerance, IntPredicate counts) {}

    private void compareEach(String name, double[] got, double[] want, Allowance allowance) {
        if (rounding > 0 && name.startsWith("grad")) {
            compareGradient(name, got, want, allowance);
            return;
        }
        double largest = largest(want);
        for (int n = 0; n < got.length; n++) {
            if (allowance.counts.test(n)) {
                compare(
                        name + "[" + n + "]",
                        got[n],
                        want[n],
                        allowed(name, allowance.tolerance.applyAsDouble(n), largest));
            }
        }
    }

    private void compareGradient(String name, double[] got, double[] want, Allowance allowance) {
        Distance distance = new Distance();
        for (int n = 0; n < got.length; n++) {
            if (allowance.counts.test(n)) {
                distance.add(got[n], want[n], allowance.tolerance.applyAsDouble(n));
            }
        }
        compareDistance(name, distance, WAY_BACK_OF_ONE);
        gradients.add(distance);
    }

    private void compareDistance(String name, Distance distance, double wayBack) {
        double tolerance = Math.max(Math.sqrt(distance.tolerances), wayBack * rounding * Math.sqrt(distance.wanted));
        compare("the error of " + name, Math.sqrt(distance.errors), 0, tolerance);
    }

    /// Sums of squares over elements of gradients.
    private static final class Distance {
        private double errors;
        private double wanted;
        private double tolerances;

        void add(double got, double want, double tolerance) {
            errors += (got - want) * (got - want);
            wanted += want * want;
            tolerances += tolerance * tolerance;
        }

        void add(Distance other) {
            errors += other.errors;
            wanted += other.wanted;
            tolerances += other.tolerances;
        }
    }

    private static double largest(double[] values) {
        return Arrays.stream(values)
                .map(Math::abs)
                .filter(Double::isFinite)
                .max()
                .orElse(0);
    }

    /// What is equal in every type must be equal.
    private double allowed(String name, double tolerance, double largest) {
        double share = name.startsWith("grad") ? WAY_BACK * rounding : rounding;
        return tolerance == 0 ? 0 : Math.max(tolerance, share * largest);
    }

    /// Compares whole numbers, which must be equal.
    void compareIds(String name, int[] got, int[] want) {
        require(Arrays.equals(got, want), name + " is " + Arrays.toString(got) + ", not " + Arrays.toString(want));
    }

    /// How near a number must be: the larger of the two allowances.
    ///
    /// @param absolute in any case
    /// @param relative to what must come out
    record Nearness(double absolute, double relative) {
        /// The logits of a case.
        static Nearness ofLogits(SamplerCase fixture) {
            return new Nearness(fixture.tolerance("logits_abs"), fixture.tolerance("logits_rel"));
        }

        double of(double want) {
            return Math.max(absolute, relative * Math.abs(want));
        }
    }

    /// Compares one number.
    void compare(String name, double got, double want, double within) {
        compared++;
        double tolerance = allowed(name, within, Math.abs(want));
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
            misses.add(fixture + ": " + text);
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
        if (gradients.wanted > 0) {
            compareDistance("all gradients", gradients, WAY_BACK);
        }
        if (compared == 0) {
            miss("nothing was compared");
        }
        return misses.isEmpty() ? new CaseOutcome.Passed(largest) : new CaseOutcome.Missed(misses);
    }
}
