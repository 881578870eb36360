package org.panamask.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.tensor.AdamWStep;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Philox;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Shape;
import org.panamask.tensor.ShapeOps;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

/// The oracle against numbers worked out by hand; the contract tests check the others against the oracle.
class ReferenceBackendTest {
    private static final BackendSettings SETTINGS = BackendSettings.defaults().with("name", "reference");

    private final Backend backend = new ReferenceProvider().open(SETTINGS);
    private final Owner owner = backend.owner("weights");

    @AfterEach
    void stop() {
        backend.close();
        assertThat(backend.ledger().total()).isZero();
    }

    private void inF64(Consumer<BackwardOps> work) {
        run(Precision.F64, work);
    }

    private void run(Precision precision, Consumer<BackwardOps> work) {
        backend.run("test", precision, ops -> {
            work.accept(ops);
            return true;
        });
    }

    private Weight weight(BackwardOps ops, Shape shape, float... values) {
        return ops.weight(owner, HostTensor.of("w", shape, values), true);
    }

    private static Tensor matrix(BackwardOps ops, int rows, double... values) {
        return ops.upload(Shape.of(rows, values.length / rows), values);
    }

    @Test
    void theReportSaysWhatRuns() {
        assertThat(backend.report())
                .containsEntry("backend", "reference")
                .containsEntry("library", "plain Java loops")
                .containsEntry("threads", "1");
    }

    @Test
    void ownersOfAnotherBackendAreRefused() {
        Owner other = ShapeOps.of(DType.F64).owner("shapes");
        inF64(ops -> assertThatIllegalArgumentException()
                .isThrownBy(() -> ops.zeros(other, Shape.of(1), ops.dtype()))
                .withMessage("backend reference: owners come from Backend.owner, but got shapes of another backend"));
    }

    @Test
    void linearMultipliesByTheTranspose() {
        inF64(ops -> {
            Tensor x = matrix(ops, 1, 1, 2);
            Weight w = weight(ops, Shape.of(3, 2), 1, 0, 0, 1, 3, -1);
            assertThat(ops.doubles(ops.linear(x, w))).containsExactly(1, 2, 1);
            assertThat(ops.doubles(ops.linear(x, w, weight(ops, Shape.of(3), 10, 20, 30))))
                    .containsExactly(11, 22, 31);
        });
    }

    @Test
    void rmsNormLeavesRowsAtUnitRootMeanSquare() {
        inF64(ops -> {
            Tensor y = ops.rmsNorm(matrix(ops, 2, 3, 4, 0, -2), weight(ops, Shape.of(2), 1, 2), 0);
            double root = Math.sqrt(12.5);
            assertThat(ops.doubles(y))
                    .containsExactly(new double[] {3 / root, 8 / root, 0, -2 * Math.sqrt(2)}, within(1e-15));
        });
    }

    @Test
    void rotateTurnsPairsHalfAHeadApart() {
        inF64(ops -> {
            Tensor x = ops.upload(Shape.of(1, 1, 4), new double[] {1, 2, 3, 4});
            Tensor cos = matrix(ops, 2, 1, 1, 0, 1);
            Tensor sin = matrix(ops, 2, 0, 0, 1, 0);
            Tensor second = ops.upload(Shape.of(1), new int[] {1});
            assertThat(ops.doubles(ops.rotate(x, new Ops.Rotation(cos, sin, second))))
                    .containsExactly(-3, 2, 1, 4);
            Tensor third = ops.upload(Shape.of(1), new int[] {2});
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ops.rotate(x, new Ops.Rotation(cos, sin, third)))
                    .withMessage("rotate: positions must be in [0, 2), but got 2 at position 0");
        });
    }

    @Test
    void dropoutTakesTheFieldOfEachColumn() {
        inF64(ops -> {
            double[] ones = new double[2 * 19];
            Arrays.fill(ones, 1);
            Tensor rows = ops.upload(Shape.of(2, 2), new int[] {3, 0, 3, 70_000});
            DropoutKey key = new DropoutKey(0.25, 0x1_0000_0007L, 6, rows);
            double[] y = ops.doubles(ops.dropout(matrix(ops, 2, ones), key));
            int[] words = new int[4];
            for (int i = 0; i < y.length; i++) {
                int column = i % 19;
                long position = i < 19 ? 0 : 70_000L;
                Philox.fill(words, 0x1_0000_0007L, 3 | position << 32, column / 8 | 6L << 32);
                int draw = words[column % 8 / 2] >>> column % 2 * 16 & 0xFFFF;
                assertThat(y[i]).as("element %d", i).isEqualTo(draw < 16_384 ? 0 : (float) (4.0 / 3));
            }
            assertThat(y).contains(0);
        });
    }

    @Test
    void attentionWeighsValuesBySoftmax() {
        inF64(ops -> {
            // Scores log(3) and 0 after the scale 1 / sqrt(4): probabilities 3/4 and 1/4 where both are visible.
            double query = 2 * Math.log(3);
            Tensor q = ops.upload(Shape.of(2, 1, 4), new double[] {query, 0, 0, 0, query, 0, 0, 0});
            Tensor k = ops.upload(Shape.of(2, 1, 4), new double[] {1, 0, 0, 0, 0, 0, 0, 0});
            Tensor v = ops.upload(Shape.of(2, 1, 4), new double[] {4, 0, 0, 8, 8, 4, 0, 0});
            KeyIntervals causal = new AttentionMask.Causal().lower(1, 2);
            assertThat(ops.doubles(ops.attention(q, k, v, causal)))
                    .containsExactly(new double[] {4, 0, 0, 8, 5, 1, 0, 6}, within(1e-14));
        });
    }

    @Test
    void crossEntropyWeighsRowsAndMarksCorrectOnes() {
        inF64(ops -> {
            Weight head = weight(ops, Shape.of(2, 1), 0, 1);
            var loss = ops.crossEntropy(
                    matrix(ops, 2, Math.log(3), Math.log(3)),
                    head,
                    ops.upload(Shape.of(2), new int[] {1, 0}),
                    ops.upload(Shape.of(2), new double[] {2, 0.5}));
            assertThat(ops.doubles(loss.rows()))
                    .containsExactly(new double[] {Math.log(4.0 / 3), Math.log(4)}, within(1e-15));
            assertThat(ops.doubles(loss.loss())[0]).isCloseTo(2 * Math.log(4.0 / 3) + 0.5 * Math.log(4), within(1e-15));
            assertThat(ops.ints(loss.correct())).containsExactly(1, 0);
        });
    }

    @Test
    void temperatureIsAppliedBeforeTopP() {
        inF64(ops -> {
            // Temperature 1/2 makes 16/21, 4/21, 1/21 of 4/7, 2/7, 1/7: at 0.75 the second entry stays out.
            Weight head = weight(ops, Shape.of(3, 1), 2, 1, 0);
            Tensor hidden = matrix(ops, 1, Math.log(2));
            Prediction one = ops.argmax(hidden, head, new TokenRule(0.5, 0, 0.75, List.of()));
            assertThat(ops.doubles(one.logProbability())[0]).isCloseTo(0, within(1e-15));
            Prediction two = ops.argmax(hidden, head, new TokenRule(0.5, 0, 0.77, List.of()));
            assertThat(ops.doubles(two.logProbability())[0]).isCloseTo(Math.log(0.8), within(1e-15));
        });
    }

    @Test
    void aDrawThatRoundingLeavesUncoveredTakesTheLastAllowedId() {
        run(Precision.F32, ops -> {
            Weight head = weight(ops, Shape.of(4, 1), 0, 0, 0, 0);
            Tensor uniforms = ops.upload(Shape.of(1), new double[] {1});
            Prediction drawn = ops.sample(matrix(ops, 1, 1), head, new TokenRule(1, 0, 1, List.of(3)), uniforms);
            assertThat(ops.ints(drawn.tokens())).containsExactly(2);
        });
    }

    @Test
    void adamWTakesAStepOfTheLearningRateAtFirst() {
        inF64(ops -> {
            Weight w = weight(ops, Shape.of(2), 1, -1);
            Tensor mean = ops.zeros(owner, w.shape(), ops.sumType());
            Tensor meanSquare = ops.zeros(owner, w.shape(), ops.sumType());
            Tensor gradient = ops.upload(w.shape(), new double[] {4, -8});
            ops.adamW(w, gradient, mean, meanSquare, new AdamWStep(0.1, 0.9, 0.99, 0, 0.5, 1, 0.5));
            assertThat(ops.doubles(w.value())).containsExactly(new double[] {0.95 - 0.1, -0.95 + 0.1}, within(1e-15));
            assertThat(ops.doubles(mean)).containsExactly(new double[] {0.2, -0.4}, within(1e-15));
            assertThat(ops.doubles(meanSquare)).containsExactly(new double[] {0.04, 0.16}, within(1e-15));
        });
    }

    @Test
    void f32RoundsWhatItStores() {
        run(Precision.F32, ops -> {
            Tensor large = matrix(ops, 1, 1 << 24);
            assertThat(ops.doubles(ops.add(large, matrix(ops, 1, 1)))).containsExactly(1 << 24);
            assertThat(ops.doubles(matrix(ops, 1, 0.1))).containsExactly(0.1f);
        });
    }

    @Test
    void aSecondJobOfItsKindTakesNoNativeMemory() {
        double[] zeros = new double[200_000];
        Consumer<BackwardOps> work = ops -> ops.add(matrix(ops, 2, zeros), matrix(ops, 2, zeros));
        inF64(work);
        long before = backend.ledger().allocations();
        inF64(work);
        inF64(work);
        assertThat(backend.ledger().allocations()).isEqualTo(before);
    }
}
