package org.panamask.verify;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.panamask.backend.Backend;
import org.panamask.backend.Precision;

/// Runs golden cases on a backend.
public final class Verification {
    private final Device device;

    /// Cases run on `backend` with activations of `precision`: cases of doubles under F64, all others otherwise.
    public Verification(Backend backend, Precision precision) {
        this.device = new Device(backend, precision);
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
                CaseRunner.ALL.stream()
                        .filter(one -> one.kind().equals(fixture.kind()))
                        .findFirst()
                        .map(runner ->
                                outcome(new Deviations(fixture), deviations -> runner.run(fixture, device, deviations)))
                        .orElseGet(() -> new CaseOutcome.NotSupported(fixture.kind()));
            case SamplerCase fixture ->
                SamplerCaseRunner.ALL.stream()
                        .filter(one -> one.takes(fixture))
                        .findFirst()
                        .map(runner -> outcome(
                                new Deviations(fixture.name()), deviations -> runner.run(fixture, device, deviations)))
                        .orElseGet(() -> new CaseOutcome.NotSupported(fixture.id()));
        };
    }

    private static CaseOutcome outcome(Deviations deviations, Consumer<Deviations> run) {
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
