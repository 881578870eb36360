package org.panamask.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class ShapeOpsTest {
    private final ShapeOps ops = ShapeOps.of(DType.BF16);
    private final Owner owner = ops.owner("weights");

    private Tensor made(long... extents) {
        return ops.empty(Shape.of(extents), DType.BF16);
    }

    private Tensor ints(long... extents) {
        return ops.empty(Shape.of(extents), DType.I32);
    }

    private Weight weight(long... extents) {
        return ops.weight(owner, "w", Shape.of(extents), DType.BF16, false);
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(ShapeException.class).hasMessage(message);
    }

    @Test
    void aBlockOfARealModelTakesNoTimeAndNoMemory() {
        long rows = 8 * 2048;
        Tensor x = ops.embedding(ints(8, 2048), weight(126_464, 4096));
        Tensor h = ops.rmsNorm(x, weight(4096), 1e-5);
        Tensor q = ops.linear(h, weight(4096, 4096)).reshape(rows, 32, 128);
        KeyIntervals mask = new AttentionMask.Full().lower(8, 2048);
        Tensor y = ops.attention(q, q, q, mask).reshape(rows, 4096);
        CrossEntropy loss = ops.crossEntropy(
                ops.add(x, y), weight(126_464, 4096), ints(rows), ops.empty(Shape.of(rows), DType.F32));
        assertThat(loss.loss().shape()).isEqualTo(Shape.of(1));
        assertThat(loss.rows().dtype()).isEqualTo(DType.F32);
        assertThat(ops.flops())
                .containsEntry("linear", 2 * rows * 4096 * 4096)
                .containsEntry("attention", 4 * rows * 2048 * 4096)
                .containsEntry("crossEntropy", 2 * rows * 4096 * 126_464);
        assertThat(ops.ownerBytes()).containsEntry("weights", 2L * (2 * 126_464L * 4096 + 4096 + 4096 * 4096));
    }

    @Test
    void linksOfAChainDoNotAddUp() {
        Weight w = weight(64, 64);
        Tensor x = made(16, 64);
        ops.chain("layers", x, 2, (_, in) -> ops.add(in, ops.linear(in, w)));
        long two = ops.arenaPeakBytes();
        ops.chain("layers", x, 50, (_, in) -> ops.add(in, ops.linear(in, w)));
        // The result of the first chain is still held, beside x and the three tensors of a link.
        assertThat(ops.arenaPeakBytes()).isEqualTo(two + 16 * 64 * 2);
        assertThat(two).isEqualTo(4 * 16 * 64 * 2);
    }

    @Test
    void aScopeGivesBackWhatItMade() {
        Tensor inner = ops.scoped(() -> made(1000));
        made(10);
        assertThat(ops.arenaPeakBytes()).isEqualTo(2048);
        assertThatIllegalStateException().isThrownBy(inner::memory);
    }

    @Test
    void closedOwnersOweNothing() {
        weight(8, 8);
        assertThat(owner.bytes()).isEqualTo(128);
        owner.close();
        owner.close();
        assertThat(ops.ownerBytes()).isEmpty();
        assertThat(ops.peakBytes()).isEqualTo(128);
        assertThatIllegalStateException().isThrownBy(() -> weight(1)).withMessage("weights is closed");
    }

    @Test
    void trainableWeightsAreKeptAsSums() {
        assertThat(ops.weight(owner, "w", Shape.of(4), DType.BF16, true).value().dtype())
                .isEqualTo(DType.F32);
        assertThat(weight(4).value().dtype()).isEqualTo(DType.BF16);
    }

    @Test
    void numbersAreRefused() {
        assertThatIllegalStateException()
                .isThrownBy(() -> ops.ints(ints(1)))
                .withMessage("ints: shapes carry no numbers; compute on a backend to read them");
        assertThatIllegalStateException()
                .isThrownBy(() -> ops.doubles(made(1)))
                .withMessage("doubles: shapes carry no numbers; compute on a backend to read them");
    }

    @Test
    void shapesThatDoNotFitAreRefusedWithAllOfThem() {
        refused(() -> ops.rmsNorm(made(1, 2), weight(3), 0), "rmsNorm: x [N, D] needs gain [D], but got [[1, 2], [3]]");
        refused(
                () -> ops.linear(made(1, 2), weight(3, 4)),
                "linear: x [N, in] needs w [out, in], but got [[1, 2], [3, 4]]");
        refused(
                () -> ops.linear(made(1, 2), weight(3, 2), weight(2)),
                "linear: x [N, in] and w [out, in] need bias [out], but got [[1, 2], [3, 2], [2]]");
        refused(
                () -> ops.addLinear(made(1, 2), made(1, 3), weight(2, 4), 1),
                "addLinear: y [N, out] needs h [N, r] and w [out, r], but got [[1, 2], [1, 3], [2, 4]]");
        refused(
                () -> ops.embedding(ints(2), weight(3)),
                "embedding: ids [...] need a table [V, D], but got [[2], [3]]");
        refused(
                () -> ops.swiGlu(made(1, 2), made(2, 1)),
                "swiGlu: gate [N, F] needs up [N, F], but got [[1, 2], [2, 1]]");
        refused(() -> ops.add(made(1, 2), made(2)), "add: x and y must have one shape, but got [[1, 2], [2]]");
        refused(() -> ops.gatherRows(made(3), ints(1)), "gatherRows: x [N, D] needs rows [R], but got [[3], [1]]");
        refused(
                () -> ops.logits(made(1, 2), weight(2, 3)),
                "logits: hidden [R, D] needs head [V, D], but got [[1, 2], [2, 3]]");
        refused(() -> ops.upload(Shape.of(2, 3), new int[5]), "upload: [2, 3] needs 6 values, but got 5");
    }

    @Test
    void attentionNamesTheMaskItWasGiven() {
        KeyIntervals mask = new AttentionMask.Full().lower(2, 4, new int[] {0, 1, 6});
        refused(
                () -> ops.attention(made(3, 4, 8), made(8, 3, 8), made(8, 3, 8), mask),
                "attention: a mask of R = 3 query rows and B * T = 8 keys needs q [R, H, d] and k and v [B * T, K, d]"
                        + " with H a multiple of K, but got [[3, 4, 8], [8, 3, 8], [8, 3, 8]]");
        assertThat(ops.attention(made(3, 4, 8), made(8, 2, 8), made(8, 2, 8), mask)
                        .shape())
                .isEqualTo(Shape.of(3, 4, 8));
    }

    @Test
    void rotationAndDropoutNeedTheirRows() {
        Tensor angles = ops.empty(Shape.of(9, 4), DType.F32);
        refused(
                () -> ops.rotate(made(2, 3, 8), new Ops.Rotation(angles, angles, ints(3))),
                "rotate: x [N, H, d] with an even d needs cos and sin [P, d/2] and positions [N],"
                        + " but got [[2, 3, 8], [9, 4], [9, 4], [3]]");
        refused(
                () -> ops.dropout(made(2, 3), new DropoutKey(0.5, 0, 0, ints(3, 2))),
                "dropout: x [N, D] needs a key with rows [N, 2], but got [[2, 3], [3, 2]]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ops.dropout(made(2, 3), new DropoutKey(1, 0, 0, ints(2, 2))))
                .withMessage("dropout: rate must be at least 0 and below 1, but got 1.0");
    }

    @Test
    void typesThatDoNotFitAreRefused() {
        refused(() -> ops.embedding(made(2), weight(3, 4)), "embedding: ids must be I32, but got BF16");
        refused(
                () -> ops.add(made(1), ops.empty(Shape.of(1), DType.F32)),
                "add: x and y must be of one type, but got [BF16, F32]");
        refused(
                () -> ops.storeRows(made(1, 2), ints(2), made(3, 2)),
                "storeRows: x [R, D] needs rows [R] and into [N, D], but got [[1, 2], [2], [3, 2]]");
        refused(
                () -> ops.withRows(made(3, 2), ints(2), made(2, 1)),
                "withRows: base [N, D] needs rows [R] and x [R, D], but got [[3, 2], [2], [2, 1]]");
        refused(
                () -> ops.extrapolate(made(1, 2), made(2, 1), 2),
                "extrapolate: from and to must have one shape, but got [[1, 2], [2, 1]]");
        refused(() -> ops.linear(ints(1, 2), weight(3, 2)), "linear: x must be F64, F32, F16 or BF16, but got I32");
        refused(
                () -> ops.crossEntropy(made(1, 2), weight(3, 2), ints(1), made(1)),
                "crossEntropy: weights must be F32 beside activations of BF16, but got [BF16]");
        refused(() -> ShapeOps.of(DType.I32), "shapes: activations must be F64, F32, F16 or BF16, but got I32");
    }

    @Test
    void rulesThatLeaveNothingAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ops.argmax(made(1, 2), weight(2, 2), new TokenRule(1, 0, 1, List.of(0, 1))))
                .withMessage("argmax: a token must be left to choose, but all 2 are forbidden");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ops.argmax(made(1, 2), weight(2, 2), new TokenRule(1, 0, 1, List.of(0, 2))))
                .withMessage("argmax: forbidden ids must be in [0, 2), but got 2 at position 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        ops.argmax(made(1, 2), weight(2, 2), TokenRule.plain().withBias(Map.of(0, 1.0, 2, 1.0))))
                .withMessage("argmax: biased ids must be in [0, 2), but got 2 at position 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenRule.plain().withBias(Map.of(0, Double.NEGATIVE_INFINITY)))
                .withMessage("token rule: the bias of id 0 must be a finite number, but got -Infinity; forbid what must"
                        + " not be chosen");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TokenRule(0, 0, 1, List.of()))
                .withMessage("token rule: temperature must be above 0, but got 0.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TokenRule(1, -1, 0, List.of()))
                .withMessage("token rule: top_p must be above 0 and top_k not negative, but got top_p 0.0, top_k -1");
    }

    @Test
    void gradientsMustFitWhatTheyAreGradientsOf() {
        refused(
                () -> ops.linearBackward(made(1, 3), weight(3, 2), 1, new Into(made(1, 3), false)),
                "linearBackward: dy [N, out] needs w [out, in] and dx [N, in], but got [[1, 3], [3, 2], [1, 3]]");
        refused(
                () -> ops.rmsNormBackward(made(1, 3), made(1, 2), weight(2), 0, new Into(made(1, 2), false)),
                "rmsNormBackward: dy and x must have one shape, but got [[1, 3], [1, 2]]");
        refused(
                () -> ops.biasBackward(made(1, 3), made(3)),
                "biasBackward: dbias must be F32 beside activations of BF16, but got [BF16]");
        refused(
                () -> ops.copy(made(1, 3), made(2)),
                "copy: both tensors must have one number of elements, but got [[1, 3], [2]]");
    }

    @Test
    void frozenWeightsAreNotOptimized() {
        Tensor zeros = ops.zeros(owner, Shape.of(2), DType.F32);
        AdamWStep step = new AdamWStep(1, 0.9, 0.99, 1e-8, 0, 1, 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ops.adamW(weight(2), zeros, zeros, zeros, step))
                .withMessage("adamW: the weight must be trainable, but w is frozen");
        Weight trained = ops.weight(owner, "w", Shape.of(2), DType.BF16, true);
        ops.adamW(trained, zeros, zeros, zeros, step);
        assertThat(trained.version()).isEqualTo(1);
    }
}
