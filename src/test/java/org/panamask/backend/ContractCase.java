package org.panamask.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.panamask.backend.reference.ReferenceProvider;
import org.panamask.emulator.Emulator;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.Owner;

/// One backend in one precision, to be compared with the reference in f64 on the same numbers.
///
/// @param name the backend
/// @param precision the precision
record ContractCase(String name, Precision precision) {
    static Stream<ContractCase> all() {
        return Stream.of(
                new ContractCase("reference", Precision.F64),
                new ContractCase("reference", Precision.F32),
                new ContractCase("reference", Precision.BF16),
                new ContractCase("reference", Precision.F16),
                new ContractCase("cpu", Precision.F32),
                new ContractCase("cpu", Precision.BF16),
                new ContractCase("cuda", Precision.F32),
                new ContractCase("cuda", Precision.BF16),
                new ContractCase("cuda", Precision.F16));
    }

    /// Starts the backend; where it refuses, the test that asks is skipped with the reason.
    Backend open() {
        if (name.equals("cuda")) {
            Emulator.require();
        }
        BackendSettings settings = BackendSettings.defaults().with("name", name).with("dtype", precision);
        try {
            return Backends.open(settings);
        } catch (BackendException refused) {
            Assumptions.abort(refused.getMessage());
            throw refused;
        }
    }

    DType dtype() {
        return precision.activations();
    }

    /// The largest difference allowed, as a share of the largest magnitude: a few roundings of the type.
    double tolerance() {
        return switch (precision) {
            case F64 -> 1e-12;
            case F32 -> 1e-5;
            case BF16 -> 2e-2;
            case F16 -> 2e-3;
            case FP8 -> 6e-2;
        };
    }

    /// What `work` reads back from this case's backend.
    List<double[]> results(Backend backend, BiFunction<BackwardOps, Inputs, List<double[]>> work) {
        return results(backend, precision, work);
    }

    private List<double[]> results(
            Backend backend, Precision in, BiFunction<BackwardOps, Inputs, List<double[]>> work) {
        try (Owner owner = backend.owner("contract")) {
            return backend.run("contract", in, ops -> work.apply(ops, new Inputs(ops, owner, dtype())));
        }
    }

    /// Compares what `work` reads back from this case's backend with what it reads back from the reference.
    void agrees(Backend backend, BiFunction<BackwardOps, Inputs, List<double[]>> work) {
        List<double[]> actual = new ArrayList<>(results(backend, precision, work));
        List<double[]> expected;
        try (Backend reference = new ReferenceProvider()
                .open(BackendSettings.defaults().with("name", "reference").with("dtype", Precision.F64))) {
            expected = results(reference, Precision.F64, work);
        }
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            compare("result " + i, actual.get(i), expected.get(i));
        }
    }

    private void compare(String what, double[] actual, double[] expected) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        // Gradients that cancel to zero are as exact as the numbers of order 1 that they are made of.
        double largest = 0.1;
        for (double each : expected) {
            largest = Math.max(largest, Math.abs(each));
        }
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(actual[i] - expected[i]) <= tolerance() * largest)) {
                fail(
                        "%s, element %d: %s for %s, which is %s of the largest magnitude %s",
                        what, i, actual[i], expected[i], Math.abs(actual[i] - expected[i]) / largest, largest);
            }
        }
    }

    @Override
    public String toString() {
        return name + " " + dtype();
    }
}
