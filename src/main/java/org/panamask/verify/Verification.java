package org.panamask.verify;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendException;
import org.panamask.backend.Precision;

/// Runs golden cases on a backend.
public final class Verification {
    /// Each number of a whole model has seen hundreds of roundings: on the reference backend up to 5.9e-2 of the
    /// largest magnitude were measured in bf16 and 8.2e-3 in f16.
    private static final double BF16_ROUNDING = 8e-2;

    private static final double F16_ROUNDING = 1e-2;

    private final Device device;
    private final double rounding;

    /// Cases run on `backend` with activations of `precision`: cases of doubles under F64, all others otherwise.
    /// The golden numbers are F32: under the halves a tensor may differ from them by what its roundings add up to,
    /// and cases that choose tokens are left out, because one near tie changes all that follows.
    ///
    /// @throws BackendException if `precision` is FP8, which has too few digits to be compared
    public Verification(Backend backend, Precision precision) {
        this.device = new Device(backend, precision);
        this.rounding = switch (precision) {
            case F64, F32 -> 0;
            case BF16 -> BF16_ROUNDING;
            case F16 -> F16_ROUNDING;
            case FP8 ->
                throw new BackendException("verify: golden numbers are compared in f64, f32, bf16 and f16, but got fp8,"
                        + " whose products keep three digits; choose one of them");
        };
    }

    /// Runs every case of `folder` and sums up by kind, in the order of the index.
    ///
    /// @throws FixtureException if a file cannot be read
    public List<KindSummary> run(FixtureFolder folder) {
        Map<String, List<CaseOutcome>> outcomes = new LinkedHashMap<>();
        for (GoldenCase fixture : folder.cases()) {
            outcomes.computeIfAbsent(fixture.kind(), _ -> new ArrayList<>()).add(run(fixture));
        }
        List<KindSummary> summaries = new ArrayList<>();
        outcomes.forEach((kind, of) -> {
            if (!of.stream().allMatch(outcome -> outcome instanceof CaseOutcome.OtherPrecision)) {
                summaries.add(summary(kind, of));
            }
        });
        return summaries;
    }

    /// Runs one case. Whatever it throws is a miss.
    public CaseOutcome run(GoldenCase golden) {
        if (golden.isDouble() != (device.precision() == Precision.F64)) {
            return new CaseOutcome.OtherPrecision();
        }
        return switch (golden) {
            case FixtureCase fixture ->
                CaseRunners.BY_KIND.stream()
                        .filter(one -> one.kind().equals(fixture.kind()))
                        .findFirst()
                        .map(runner -> outcome(
                                runner.followsChoices(),
                                new Deviations(fixture, rounding),
                                deviations -> runner.run(fixture, device, deviations)))
                        .orElseGet(() -> new CaseOutcome.NotSupported(fixture.kind()));
            case SamplerCase fixture ->
                CaseRunners.OF_SAMPLERS.stream()
                        .filter(one -> one.takes(fixture))
                        .findFirst()
                        .map(runner -> outcome(
                                runner.followsChoices(fixture),
                                new Deviations(fixture.name(), rounding),
                                deviations -> runner.run(fixture, device, deviations)))
                        .orElseGet(() -> new CaseOutcome.NotSupported(fixture.id()));
        };
    }

    private CaseOutcome outcome(boolean followsChoices, Deviations deviations, Consumer<Deviations> run) {
        if (followsChoices && rounding > 0) {
            return new CaseOutcome.OtherPrecision();
        }
        try {
            run.accept(deviations);
        } catch (RuntimeException failure) {
            deviations.miss(String.valueOf(failure));
        }
        return deviations.outcome();
    }

    private static KindSummary summary(String kind, List<CaseOutcome> outcomes) {
        int passed = 0;
        double largest = 0;
        List<String> misses = new ArrayList<>();
        Set<String> notSupported = new LinkedHashSet<>();
        int notSupportedCases = 0;
        for (CaseOutcome outcome : outcomes) {
            switch (outcome) {
                case CaseOutcome.Passed(double share) -> {
                    passed++;
                    largest = Math.max(largest, share);
                }
                case CaseOutcome.Missed(List<String> some) -> misses.addAll(some);
                case CaseOutcome.NotSupported(String what) -> {
                    notSupported.add(what);
                    notSupportedCases++;
                }
                case CaseOutcome.OtherPrecision _ -> {}
            }
        }
        return new KindSummary(kind, passed, largest, misses, List.copyOf(notSupported), notSupportedCases);
    }
}
