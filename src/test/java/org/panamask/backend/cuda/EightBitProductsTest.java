package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.backend.reference.ReferenceProvider;
import org.panamask.emulator.Emulator;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Into;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Products with frozen matrices in FP8 against the reference, which rounds to the same 8 bits.
class EightBitProductsTest {
    /// Sums of both are exact or nearly so; then each rounds to BF16 once.
    private static final double ROUNDING = 0x1p-8;

    @ParameterizedTest
    @CsvSource({"0, 32, 48", "1, 16, 16", "16, 48, 32", "33, 64, 80"})
    void productsAreThoseOfTheReference(int rows, int in, int out) {
        Emulator.require();
        List<double[]> expected;
        try (Backend reference = new ReferenceProvider()
                .open(BackendSettings.defaults().with("name", "reference").with("dtype", Precision.FP8))) {
            expected = products(reference, rows, in, out);
        }
        try (Backend cuda = CudaBackend.open(BackendSettings.defaults().with("dtype", Precision.FP8))) {
            List<double[]> actual = products(cuda, rows, in, out);
            for (int i = 0; i < expected.size(); i++) {
                double largest =
                        Arrays.stream(expected.get(i)).map(Math::abs).max().orElse(0);
                assertThat(actual.get(i))
                        .as("product %d", i)
                        .containsExactly(expected.get(i), within(ROUNDING * largest));
            }
        }
    }

    private static List<double[]> products(Backend backend, int rows, int in, int out) {
        Random random = new Random(9);
        try (Owner owner = backend.owner("products")) {
            return backend.run("products", Precision.FP8, ops -> {
                Weight w = weight(ops, owner, random, out, in);
                Weight bias = weight(ops, owner, random, out);
                Tensor x = normal(ops, random, rows, in);
                // Of another magnitude than the activations, as gradients are.
                Tensor dy = normal(ops, random, rows, out);
                Tensor small = ops.empty(dy.shape(), ops.dtype());
                ops.linearBackward(dy, weight(ops, owner, random, out, out), 1e-4f, new Into(small, false));
                Tensor dx = normal(ops, random, rows, in);
                Tensor replaced = normal(ops, random, rows, in);
                ops.linearBackward(dy, w, 0.5f, new Into(dx, true));
                ops.linearBackward(small, w, 1, new Into(replaced, false));
                return List.of(
                        ops.doubles(ops.linear(x, w)),
                        ops.doubles(ops.linear(x, w, bias)),
                        ops.doubles(ops.linear(x, w)),
                        ops.doubles(dx),
                        ops.doubles(replaced));
            });
        }
    }

    private static Weight weight(BackwardOps ops, Owner owner, Random random, long... extents) {
        Shape shape = Shape.of(extents);
        float[] values = new float[(int) shape.count()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (0.1 * random.nextGaussian());
        }
        return ops.weight(owner, HostTensor.of("w", shape, values), false);
    }

    private static Tensor normal(BackwardOps ops, Random random, long rows, long width) {
        double[] values = new double[(int) (rows * width)];
        Arrays.setAll(values, _ -> random.nextGaussian());
        Tensor rounded = ops.empty(Shape.of(rows, width), ops.dtype());
        ops.copy(ops.upload(rounded.shape(), values), rounded);
        return rounded;
    }
}
