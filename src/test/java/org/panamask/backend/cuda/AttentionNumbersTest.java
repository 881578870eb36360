package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.emulator.Emulator;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Numbers that attention's kernels must get right whatever the compiler makes of their sums and products.
class AttentionNumbersTest {
    private static final int TOKENS = 1024;
    private static final int HEADS = 8;
    private static final int WIDTH = 16;

    @BeforeAll
    static void emulator() {
        Emulator.require();
    }

    /// All scores of a head are equal and far from 0, so what was summed must not shrink from one tile of keys to
    /// the next: by as little as a fused product's rounding, and the first keys would count less than the last.
    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"F32", "BF16"})
    void equalScoresCountEquallyHoweverManyTheyAre(Precision precision) {
        BackendSettings settings =
                BackendSettings.defaults().with("name", "cuda").with("dtype", precision);
        KeyIntervals mask = new AttentionMask.Full().lower(1, TOKENS, new int[] {5});
        try (CudaBackend backend = CudaBackend.open(settings)) {
            double[] y = backend.run("attention", precision, ops -> {
                Tensor q = tensor(ops, i -> i % WIDTH == 0 ? 361 + i : 0, 1, HEADS, WIDTH);
                Tensor k = tensor(ops, i -> i % WIDTH == 0 ? 367 : 0, TOKENS, 1, WIDTH);
                Tensor v = tensor(ops, i -> i < TOKENS * WIDTH / 2 ? 1 : 0, TOKENS, 1, WIDTH);
                return ops.doubles(ops.attention(q, k, v, mask));
            });
            assertThat(Arrays.stream(y).boxed().toList())
                    .allSatisfy(each -> assertThat(each).isCloseTo(0.5, within(5e-6)));
        }
    }

    private static Tensor tensor(BackwardOps ops, IntToDoubleFunction values, long... extents) {
        Shape shape = Shape.of(extents);
        double[] numbers = IntStream.range(0, Math.toIntExact(shape.count()))
                .mapToDouble(values)
                .toArray();
        Tensor wide = ops.upload(shape, numbers);
        Tensor tensor = ops.empty(shape, ops.dtype());
        ops.copy(wide, tensor);
        return tensor;
    }
}
