package org.panamask.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.emulator.Emulator;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Every gradient of the reference in f64 against central differences, `(f(x + h) - f(x - h)) / 2h`, and every
/// gradient in f32, where such differences are too coarse, against the reference's.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GradientTest {
    private static final double STEP = 1e-5;
    /// The truncation error is of the order of `STEP^2`, the rounding error of `1e-16 / STEP`.
    private static final double TOLERANCE = 1e-8;
    /// A share of the largest magnitude of a gradient: a few roundings of f32 in a row.
    private static final double TOLERANCE_F32 = 2e-6;

    private static final BackendSettings SETTINGS = BackendSettings.defaults();

    private Backend backend;
    private Backend cpu;
    private Optional<Backend> gpu = Optional.empty();

    @BeforeAll
    void start() {
        backend = Backends.open(SETTINGS.with("name", "reference").with("dtype", Precision.F64));
        cpu = Backends.open(SETTINGS);
    }

    @AfterAll
    void stop() {
        for (Backend each : Stream.concat(Stream.of(backend, cpu), gpu.stream()).toList()) {
            each.close();
            assertThat(each.ledger().total()).isZero();
        }
    }

    static Stream<GradientCases.Case> cases() {
        return GradientCases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsAreCentralDifferences(GradientCases.Case each) {
        List<double[]> all = each.values();
        List<double[]> gradients = each.gradients(backend, Precision.F64, all);
        for (int which = 0; which < all.size(); which++) {
            double[] values = all.get(which);
            for (int i = 0; i < values.length; i++) {
                double kept = values[i];
                values[i] = kept + STEP;
                double above = each.value(backend, Precision.F64, all);
                values[i] = kept - STEP;
                double below = each.value(backend, Precision.F64, all);
                values[i] = kept;
                assertThat(gradients.get(which)[i])
                        .as("input %d, element %d", which, i)
                        .isCloseTo((above - below) / (2 * STEP), within(TOLERANCE));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsInF32AreThoseOfTheReference(GradientCases.Case each) {
        List<double[]> values = each.values();
        List<double[]> expected = each.gradients(backend, Precision.F64, values);
        compare("cpu", each.gradients(cpu, Precision.F32, values), expected);
        compare("reference", each.gradients(backend, Precision.F32, values), expected);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsOfAGpuAreThoseOfTheReference(GradientCases.Case each) {
        Emulator.require();
        List<double[]> values = each.values();
        compare("cuda", each.gradients(gpu(), Precision.F32, values), each.gradients(backend, Precision.F64, values));
    }

    private Backend gpu() {
        Backend present = gpu.orElseGet(() -> Backends.open(SETTINGS.with("name", "cuda")));
        gpu = Optional.of(present);
        return present;
    }

    private static void compare(String name, List<double[]> actual, List<double[]> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int which = 0; which < expected.size(); which++) {
            double largest =
                    Arrays.stream(expected.get(which)).map(Math::abs).max().orElse(0);
            assertThat(actual.get(which))
                    .as("%s, gradient of input %d", name, which)
                    .containsExactly(expected.get(which), within(TOLERANCE_F32 * Math.max(largest, 0.1)));
        }
    }

    @Test
    void whatIsForInferenceRefusesToHideAGradient() {
        backend.run("refused", Precision.F64, ops -> {
            Tape tape = new Tape(ops, Accumulators.none());
            Tensor x = ops.upload(Shape.of(1, 2), new double[] {1, 1});
            Tensor y = ops.upload(Shape.of(1, 2), new double[] {2, 3});
            assertThat(ops.doubles(tape.extrapolate(x, y, 2))).containsExactly(3, 5);
            tape.watch(x);
            assertThatIllegalStateException()
                    .isThrownBy(() -> tape.extrapolate(y, x, 2))
                    .withMessage("tape: extrapolate is for inference and has no way back; use the backend's own"
                            + " operations");
            Tensor row = ops.upload(Shape.of(1), new int[] {0});
            assertThatIllegalStateException().isThrownBy(() -> tape.storeRows(x, row, y));
            assertThatIllegalStateException().isThrownBy(() -> tape.withRows(y, row, x));
            assertThat(ops.doubles(tape.withRows(y, row, y))).containsExactly(2, 3);
            tape.storeRows(ops.upload(Shape.of(1, 2), new double[] {4, 5}), row, y);
            assertThat(ops.doubles(y)).containsExactly(4, 5);
            return 0;
        });
    }

    @Test
    void frozenWeightsAndUnwatchedTensorsGetNoGradient() {
        try (Owner owner = backend.owner("weights")) {
            backend.run("frozen", Precision.F64, ops -> {
                Weight base = ops.weight(owner, HostTensor.of("base", Shape.of(2, 2), 1, 2, 3, 4), false);
                Weight trained = ops.weight(owner, HostTensor.of("trained", Shape.of(2, 2), 1, 0, 0, 1), true);
                Accumulators accumulators = Accumulators.of(ops, owner, List.of(trained));
                Tape tape = new Tape(ops, accumulators);
                Tensor x = ops.upload(Shape.of(1, 2), new double[] {1, 1});
                Tensor y = tape.linear(tape.linear(tape.linear(x, base), trained), base);
                tape.backward(y, ops.upload(Shape.of(1, 2), new double[] {1, 0}));
                assertThat(tape.gradient(x)).isEmpty();
                assertThat(tape.gradient(y)).isEmpty();
                assertThat(accumulators.find(base)).isEmpty();
                assertThat(ops.doubles(accumulators.find(trained).orElseThrow()))
                        .containsExactly(3, 7, 6, 14);
                return null;
            });
        }
    }
}
