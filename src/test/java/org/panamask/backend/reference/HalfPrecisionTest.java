package org.panamask.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Into;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Where the oracle rounds to halves and where it does not, with numbers worked out by hand. A half of F16 has 11
/// digits: 2048 has no odd neighbour above it, 1 + 2^-11 lies in the middle of two. One of BF16 has 8.
class HalfPrecisionTest {
    private static final float ABOVE_ONE = 1.00048828125f;
    private static final double INFINITY = Double.POSITIVE_INFINITY;

    private final Backend backend =
            new ReferenceProvider().open(BackendSettings.defaults().with("name", "reference"));
    private final Owner owner = backend.owner("weights");

    @AfterEach
    void stop() {
        backend.close();
        assertThat(backend.ledger().total()).isZero();
    }

    private void run(Precision precision, Consumer<BackwardOps> work) {
        backend.run("test", precision, ops -> {
            work.accept(ops);
            return true;
        });
    }

    private void inF16(Consumer<BackwardOps> work) {
        run(Precision.F16, work);
    }

    private Weight weight(BackwardOps ops, boolean trainable, Shape shape, float... values) {
        return ops.weight(owner, HostTensor.of("w", shape, values), trainable);
    }

    private static Tensor matrix(BackwardOps ops, int rows, double... values) {
        Tensor sums = ops.upload(Shape.of(rows, values.length / rows), values);
        Tensor halves = ops.empty(sums.shape(), ops.dtype());
        ops.copy(sums, halves);
        return halves;
    }

    @ParameterizedTest
    @CsvSource({
        "F16, 2049, 2048",
        "F16, 2051, 2052",
        "F16, 65504, 65504",
        "F16, 65519, 65504",
        "F16, 65520, Infinity",
        "F16, -1e9, -Infinity",
        "F16, 5.96e-8, 5.9604644775390625e-8",
        "F16, 2e-8, 0",
        "F16, NaN, NaN",
        "BF16, 257, 256",
        "BF16, 259, 260",
        "BF16, 1e38, 9.969209968386869e37",
        "BF16, 3.4e38, Infinity"
    })
    void whatIsStoredIsRoundedToNearestEvenAndOverflowsToInfinity(Precision precision, double value, double stored) {
        run(precision, ops -> assertThat(ops.doubles(matrix(ops, 1, value))).containsExactly(stored));
    }

    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void frozenWeightsAreHalvesAndTrainedOnesF32(Precision precision) {
        run(precision, ops -> {
            Shape one = Shape.of(1, 1);
            assertThat(weight(ops, false, one, 1).value().dtype()).isEqualTo(DType.valueOf(precision.name()));
            assertThat(weight(ops, true, one, 1).value().dtype()).isEqualTo(DType.F32);
            assertThat(ops.sumType()).isEqualTo(DType.F32);
        });
    }

    @Test
    void productsTakeHalvesAndSumInF32() {
        inF16(ops -> {
            Tensor x = matrix(ops, 1, 2048, 1, -2048);
            assertThat(ops.doubles(ops.linear(x, weight(ops, false, Shape.of(1, 3), 1, 1, 1))))
                    .containsExactly(1);
            // The master copy keeps what its half loses.
            Weight trained = weight(ops, true, Shape.of(1, 1), ABOVE_ONE);
            Tensor big = matrix(ops, 1, 2048);
            assertThat(ops.doubles(ops.linear(big, trained))).containsExactly(2048);
            Into back = new Into(ops.empty(big.shape(), DType.F16), false);
            ops.linearBackward(big, trained, 1, back);
            assertThat(ops.doubles(back.tensor())).containsExactly(2048);
            assertThat(ops.doubles(trained.value())).containsExactly(ABOVE_ONE);
            Weight bias = weight(ops, true, Shape.of(1), ABOVE_ONE);
            assertThat(ops.doubles(ops.linear(matrix(ops, 1, 0), trained, bias)))
                    .containsExactly(1);
        });
    }

    @Test
    void gradientsOfWeightsAreSumsInF32() {
        inF16(ops -> {
            Tensor sum = ops.zeros(owner, Shape.of(1, 1), DType.F32);
            ops.linearWeightBackward(matrix(ops, 2, 2048, 1), matrix(ops, 2, 1, 1), 1, sum);
            assertThat(ops.doubles(sum)).containsExactly(2049);
            ops.linearWeightBackward(matrix(ops, 1, 60000), matrix(ops, 1, 60000), 1, sum);
            assertThat(ops.doubles(sum)).containsExactly(3.6e9f + 2049);
        });
    }

    @Test
    void theBranchIsAHalfBeforeItIsAdded() {
        inF16(ops -> {
            // 2049 is rounded to 2048 before 1 is added; in one rounding 2050 would be left.
            Tensor y = matrix(ops, 1, 1);
            Tensor h = matrix(ops, 1, 2048, 1);
            Weight b = weight(ops, true, Shape.of(1, 2), 1, 1);
            assertThat(ops.doubles(ops.addLinear(y, h, b, 1))).containsExactly(2048);
        });
    }

    @Test
    void scoresAndSoftmaxAreNotHalvesAndProbabilitiesAre() {
        inF16(ops -> {
            KeyIntervals two = new AttentionMask.Full().lower(1, 2, new int[] {0});
            // Scores 90,000 and 89,700: a half holds neither.
            Tensor q = matrix(ops, 1, 300).reshape(1, 1, 1);
            Tensor k = matrix(ops, 2, 300, 299).reshape(2, 1, 1);
            Tensor v = matrix(ops, 2, 5, 7).reshape(2, 1, 1);
            assertThat(ops.doubles(ops.attention(q, k, v, two))).containsExactly(5);
            // One third as a half is 0.33325, which makes 2046.17 of 6140 / 3 = 2046.67.
            KeyIntervals three = new AttentionMask.Full().lower(1, 3, new int[] {0});
            Tensor none = matrix(ops, 3, 0, 0, 0).reshape(3, 1, 1);
            Tensor one = matrix(ops, 3, 6140, 0, 0).reshape(3, 1, 1);
            assertThat(ops.doubles(ops.attention(q, none, one, three))).containsExactly(2046);
        });
    }

    @Test
    void statisticsOfNormsAreNotHalves() {
        inF16(ops -> {
            // The squares, 9e8, are beyond a half.
            Tensor x = matrix(ops, 1, 30000, -30000);
            assertThat(ops.doubles(ops.rmsNorm(x, weight(ops, false, Shape.of(2), 2, 2), 1e-5)))
                    .containsExactly(2, -2);
        });
    }

    @Test
    void logitsAndTheirCrossEntropyAreF32() {
        inF16(ops -> {
            Tensor hidden = matrix(ops, 1, 1, ABOVE_ONE - 1);
            Weight head = weight(ops, false, Shape.of(2, 2), 1, 1, 60000, 0);
            Tensor logits = ops.logits(hidden, head);
            assertThat(logits.dtype()).isEqualTo(DType.F32);
            assertThat(ops.doubles(logits)).containsExactly(ABOVE_ONE, 60000);
            Tensor far = matrix(ops, 1, 60000, 0);
            Tensor targets = ops.upload(Shape.of(1), new int[] {0});
            Tensor weights = ops.upload(Shape.of(1), new double[] {1});
            assertThat(ops.doubles(ops.crossEntropy(far, head, targets, weights).loss()))
                    .containsExactly((float) (60000.0 * 60000 - 60000));
        });
    }

    @Test
    void gradientsOfLogitsAreHalvesAndOverflow() {
        inF16(ops -> {
            Tensor hidden = matrix(ops, 1, 0);
            Weight head = weight(ops, false, Shape.of(2, 1), 1, -0x1p-20f);
            Tensor targets = ops.upload(Shape.of(1), new int[] {1});
            assertThat(gradient(ops, hidden, head, targets, 131_000)).isEqualTo(65504);
            assertThat(gradient(ops, hidden, head, targets, 140_000)).isEqualTo(INFINITY);
        });
    }

    private static double gradient(BackwardOps ops, Tensor hidden, Weight head, Tensor targets, double weight) {
        Tensor weights = ops.upload(Shape.of(1), new double[] {weight});
        Tensor gradient = ops.empty(hidden.shape(), hidden.dtype());
        ops.crossEntropyWithGradients(
                hidden,
                head,
                new Scoring(targets, weights),
                new BackwardOps.CrossEntropyGradients(List.of(gradient), List.of()));
        return ops.doubles(gradient)[0];
    }
}
