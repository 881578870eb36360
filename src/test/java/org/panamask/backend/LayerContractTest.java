package org.panamask.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.tensor.Into;
import org.panamask.tensor.Shape;
import org.panamask.tensor.ShapeException;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// What layers with biases, GELU and one matrix for queries, keys and values need, on every backend.
class LayerContractTest extends BackendContract {
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64, 129, 768})
    void layerNorm(int width) {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor x = inputs.normal(70, width);
            Tensor dy = inputs.normal(70, width);
            Weight gain = inputs.trained(width);
            Into replaced = inputs.into(false, 70, width);
            Into added = inputs.into(true, 70, width);
            Tensor dgain = inputs.sums(width);
            ops.layerNormBackward(dy, x, gain, 0.1, replaced);
            ops.layerNormBackward(dy, x, inputs.frozen(width), 0.1, added);
            ops.layerNormGainBackward(dy, x, 0.1, dgain);
            return List.of(
                    ops.doubles(ops.layerNorm(x, gain, inputs.trained(width), 1e-5)),
                    ops.doubles(ops.layerNorm(x, inputs.frozen(width), inputs.frozen(width), 0.3)),
                    ops.doubles(replaced.tensor()),
                    ops.doubles(added.tensor()),
                    ops.doubles(dgain));
        });
    }

    /// The mean is far from zero and the rows hardly vary: a variance from sums of squares would be all rounding.
    @Test
    void layerNormTakesTheMeanFirst() {
        contract.agrees(backend, (ops, inputs) -> {
            double[] values = new double[64];
            Arrays.setAll(values, i -> 1024 + i % 2 * 8);
            Tensor x = ops.empty(Shape.of(1, 64), ops.dtype());
            ops.copy(ops.upload(x.shape(), values), x);
            return List.of(ops.doubles(ops.layerNorm(x, inputs.frozen(64), inputs.frozen(64), 1e-5)));
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 8", "7, 13", "30, 64"})
    void gelu(int rows, int width) {
        contract.agrees(backend, (ops, inputs) -> {
            Tensor x = inputs.normal(rows, width);
            Tensor dy = inputs.normal(rows, width);
            Into replaced = inputs.into(false, rows, width);
            Into added = inputs.into(true, rows, width);
            ops.geluBackward(dy, x, replaced);
            ops.geluBackward(dy, x, added);
            return List.of(ops.doubles(ops.gelu(x)), ops.doubles(replaced.tensor()), ops.doubles(added.tensor()));
        });
    }

    /// At 1 the tanh approximation gives 0.841192, the exact function 0.841345.
    @Test
    void geluIsTheTanhApproximation() {
        contract.results(backend, (ops, inputs) -> {
            Tensor x = ops.empty(Shape.of(1, 4), ops.dtype());
            ops.copy(ops.upload(x.shape(), new double[] {0, 1, 20, -20}), x);
            double[] y = ops.doubles(ops.gelu(x));
            double within = switch (contract.precision()) {
                case F64, F32 -> 1e-6;
                case F16 -> 5e-4;
                case BF16, FP8 -> 4e-3;
            };
            assertThat(y[0]).isZero();
            assertThat(y[1]).isCloseTo(0.841192, within(within));
            assertThat(y[2]).isEqualTo(20);
            assertThat(y[3]).isZero();
            return List.of();
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 8, 0, 8", "7, 13, 5, 3", "30, 192, 64, 64", "30, 192, 128, 64", "3, 5, 5, 0"})
    void columns(int rows, int width, int from, int count) {
        contract.agrees(backend, (ops, inputs) -> {
            Into replaced = inputs.into(false, rows, width);
            Into added = inputs.into(true, rows, width);
            ops.columnsBackward(inputs.normal(rows, count), from, replaced);
            ops.columnsBackward(inputs.normal(rows, count), from, added);
            return List.of(
                    ops.doubles(ops.columns(inputs.normal(rows, width), from, count)),
                    ops.doubles(replaced.tensor()),
                    ops.doubles(added.tensor()));
        });
    }

    @Test
    void columnsOutsideOfTheMatrixAreRefused() {
        contract.results(backend, (ops, inputs) -> {
            assertThatThrownBy(() -> ops.columns(inputs.normal(2, 5), 3, 3))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("columns: 3 columns from 3 on must lie in x [N, D], but got [[2, 5]]");
            assertThatThrownBy(() -> ops.columnsBackward(inputs.normal(2, 3), 3, inputs.into(true, 2, 5)))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("columnsBackward: dy [N, count] must lie in dx [N, D] from column 3 on, but got"
                            + " [[2, 3], [2, 5]]");
            return List.of();
        });
    }
}
