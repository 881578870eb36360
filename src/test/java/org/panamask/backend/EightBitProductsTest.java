package org.panamask.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Into;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Products in FP8 on every backend that has them: which are in 8 bits, and what is rounded how.
@ParameterizedClass
@ValueSource(strings = {"reference", "cpu"})
class EightBitProductsTest {
    @Parameter
    String name;

    private ContractCase contract;
    private Backend backend;

    @BeforeEach
    void start() {
        contract = new ContractCase(name, Precision.FP8);
        backend = contract.open();
    }

    @AfterEach
    void stop() {
        if (backend != null) {
            backend.close();
            assertThat(backend.ledger().total()).isZero();
        }
    }

    private static Weight frozen(BackwardOps ops, Inputs inputs, float... values) {
        int size = (int) Math.sqrt(values.length);
        return ops.weight(inputs.owner(), HostTensor.of("w", Shape.of(size, size), values), false);
    }

    /// A matrix of 16 rows that are zero but for the first, whose first numbers are `values`.
    private static float[] square(double... values) {
        float[] all = new float[256];
        IntStream.range(0, values.length).forEach(i -> all[i] = (float) values[i]);
        return all;
    }

    private static float[] identity() {
        float[] all = new float[256];
        for (int i = 0; i < 256; i += 17) {
            all[i] = 1;
        }
        return all;
    }

    private static Tensor row(BackwardOps ops, double... values) {
        Tensor sums = ops.upload(Shape.of(1, 16), Arrays.copyOf(values, 16));
        Tensor halves = ops.empty(sums.shape(), ops.dtype());
        ops.copy(sums, halves);
        return halves;
    }

    @Test
    void activationsHaveFourDigitsInTheScaleOfTheLargest() {
        contract.results(backend, (ops, inputs) -> {
            assertThat(ops.dtype()).isEqualTo(DType.BF16);
            Tensor x = row(ops, 2, 1.0625, -1.1875, 0.00390625 * 1.5, 3.03125);
            double[] y = ops.doubles(ops.linear(x, frozen(ops, inputs, identity())));
            // 3.03 takes the scale 128, in which the least number above zero is 2^-16.
            assertThat(y).startsWith(2, 1, -1.25, 0.00390625 * 1.5, 3);
            Tensor far = row(ops, 448, 0.0009765625, 0.0029296875);
            assertThat(ops.doubles(ops.linear(far, frozen(ops, inputs, identity()))))
                    .startsWith(448, 0, 0.00390625);
            return List.of();
        });
    }

    @Test
    void frozenWeightsAreRoundedToo() {
        contract.results(backend, (ops, inputs) -> {
            Weight w = frozen(ops, inputs, square(1.0625, 1.1875, 256));
            assertThat(ops.doubles(ops.linear(row(ops, 1), w))).startsWith(1);
            assertThat(ops.doubles(ops.linear(row(ops, 0, 1), w))).startsWith(1.25);
            assertThat(ops.doubles(w.value())).startsWith(1.0625, 1.1875, 256);
            return List.of();
        });
    }

    @Test
    void gradientsHaveThreeDigits() {
        contract.results(backend, (ops, inputs) -> {
            Tensor dy = row(ops, 1.125, 1.375, 1.0625 * 0.015625);
            Into dx = new Into(row(ops, 5, 5, 5), false);
            ops.linearBackward(dy, frozen(ops, inputs, identity()), 1, dx);
            assertThat(ops.doubles(dx.tensor())).startsWith(1, 1.5, 0.015625);
            return List.of();
        });
    }

    @Test
    void trainedMatricesAndThoseOfOddExtentsKeepSixteenBits() {
        contract.results(backend, (ops, inputs) -> {
            Weight trained = ops.weight(inputs.owner(), HostTensor.of("w", Shape.of(16, 16), identity()), true);
            double[] y = ops.doubles(ops.linear(row(ops, 1.0625, 1.1875), trained));
            assertThat(y).startsWith(1.0625, 1.1875);
            Weight odd = ops.weight(
                    inputs.owner(), HostTensor.of("w", Shape.of(8, 16), Arrays.copyOf(square(1.0625), 128)), false);
            assertThat(ops.doubles(ops.linear(row(ops, 1.0625), odd))).startsWith(1.125);
            Tensor sum = ops.addLinear(row(ops), row(ops, 1.0625), frozen(ops, inputs, identity()), 1);
            assertThat(ops.doubles(sum)).startsWith(1.0625);
            return List.of();
        });
    }

    @Test
    void whatIsNotFiniteDoesNotHideBehindTheLargestNumber() {
        contract.results(backend, (ops, inputs) -> {
            Tensor x = row(ops, 1, Double.POSITIVE_INFINITY);
            assertThat(ops.doubles(ops.linear(x, frozen(ops, inputs, identity()))))
                    .contains(Double.NaN);
            assertThat(ops.doubles(ops.linear(row(ops), frozen(ops, inputs, identity()))))
                    .containsOnly(0);
            return List.of();
        });
    }

    @Test
    void everyBackendRoundsAlike() {
        contract.results(backend, (ops, inputs) -> {
            List<double[]> actual = products(ops, inputs);
            List<double[]> expected = new ContractCase("reference", Precision.FP8).results(reference(), this::products);
            for (int i = 0; i < expected.size(); i++) {
                double largest =
                        Arrays.stream(expected.get(i)).map(Math::abs).max().orElseThrow();
                for (int n = 0; n < expected.get(i).length; n++) {
                    assertThat(Math.abs(actual.get(i)[n] - expected.get(i)[n])).isLessThan(largest * 8e-3);
                }
            }
            return List.of();
        });
    }

    private static Backend reference() {
        return Backends.open(BackendSettings.defaults().with("name", "reference"));
    }

    private List<double[]> products(BackwardOps ops, Inputs inputs) {
        Tensor x = inputs.normal(19, 32);
        Weight w = inputs.frozen(48, 32);
        Into replaced = inputs.into(false, 19, 32);
        Into added = inputs.into(true, 19, 32);
        ops.linearBackward(inputs.normal(19, 48), w, 1, replaced);
        ops.linearBackward(inputs.normal(19, 48), w, 0.5f, added);
        return List.of(
                ops.doubles(ops.linear(x, w)),
                ops.doubles(ops.linear(x, w, inputs.frozen(48))),
                ops.doubles(replaced.tensor()),
                ops.doubles(added.tensor()));
    }
}
