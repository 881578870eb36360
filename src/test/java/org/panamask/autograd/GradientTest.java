package org.panamask.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.emulator.Emulator;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Every gradient of the reference in f64 against central differences, `(f(x + h) - f(x - h)) / 2h`, and every
/// gradient of the other types and backends, where such differences are too coarse, against the reference's.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GradientTest {
    private static final double STEP = 1e-5;
    /// The truncation error is of the order of `STEP^2`, the rounding error of `1e-16 / STEP`.
    private static final double TOLERANCE = 1e-8;
    private static final BackendSettings SETTINGS = BackendSettings.defaults();

    private final Map<Computed, Backend> opened = new HashMap<>();
    private Backend backend;

    @BeforeAll
    void start() {
        backend = new Computed("reference", Precision.F64).open();
    }

    @AfterAll
    void stop() {
        for (Backend each :
                Stream.concat(Stream.of(backend), opened.values().stream()).toList()) {
            each.close();
            assertThat(each.ledger().total()).isZero();
        }
    }

    /// @param name a backend
    /// @param precision what it computes in
    record Computed(String name, Precision precision) {
        Backend open() {
            return Backends.open(SETTINGS.with("name", name).with("dtype", precision));
        }

        /// A share of the largest magnitude of a gradient: a few roundings of the type in a row.
        double tolerance() {
            return switch (precision) {
                case F64 -> 1e-12;
                case F32 -> 2e-6;
                case BF16 -> 2e-2;
                case F16 -> 2e-3;
                case FP8 -> 6e-2;
            };
        }
    }

    static Stream<Computed> computed() {
        return Stream.of("reference", "cpu", "cuda")
                .flatMap(name -> Stream.of(Precision.F32, Precision.BF16, Precision.F16)
                        .map(precision -> new Computed(name, precision)))
                .filter(each -> !each.equals(new Computed("cpu", Precision.F16)));
    }

    static Stream<GradientCases.Case> cases() {
        return GradientCases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsAreCentralDifferences(GradientCases.Case each) {
        List<double[]> all = each.values(DType.F64);
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
    @MethodSource("computed")
    void gradientsAreThoseOfTheReference(Computed type) {
        Backend present = opened(type);
        cases().forEach(each -> {
            List<double[]> values = each.values(type.precision().activations());
            List<double[]> expected = each.gradients(backend, Precision.F64, values);
            List<double[]> actual = each.gradients(present, type.precision(), values);
            assertThat(actual).as(each.name()).hasSameSizeAs(expected);
            for (int which = 0; which < expected.size(); which++) {
                double largest =
                        Arrays.stream(expected.get(which)).map(Math::abs).max().orElse(0);
                assertThat(actual.get(which))
                        .as("%s, gradient of input %d", each.name(), which)
                        .containsExactly(expected.get(which), within(type.tolerance() * Math.max(largest, 0.1)));
            }
        });
    }

    /// Skips the test where the backend refuses.
    private Backend opened(Computed type) {
        if (type.name().equals("cuda")) {
            Emulator.require();
        }
        try {
            return opened.computeIfAbsent(type, Computed::open);
        } catch (BackendException refused) {
            Assumptions.abort(refused.getMessage());
            throw refused;
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
