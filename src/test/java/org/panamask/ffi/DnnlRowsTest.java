package org.panamask.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.offset;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DnnlRowsTest {
    private static final int R = 7;
    private static final int D = 33;

    @Test
    void softmaxAndItsGradientAgreeWithLoops() {
        try (DnnlFixture dnnl = new DnnlFixture()) {
            DnnlMemoryDesc rows = dnnl.dense(R, D);
            MemorySegment x = dnnl.normal(R * D, 1);
            MemorySegment y = dnnl.zeros(R * D);
            MemorySegment dy = dnnl.normal(R * D, 2);
            MemorySegment dx = dnnl.zeros(R * D);
            DnnlPrimitiveDesc forward = dnnl.plain.softmax(DnnlSoftmax.SOFTMAX, 1, rows, rows);
            dnnl.run(forward, List.of(DnnlArgument.src(rows), DnnlArgument.dst(rows)), x, y);
            dnnl.run(
                    dnnl.plain.softmaxBackward(DnnlSoftmax.SOFTMAX, 1, rows, forward),
                    List.of(DnnlArgument.dst(rows), DnnlArgument.diffDst(rows), DnnlArgument.diffSrc(rows)),
                    y,
                    dy,
                    dx);
            for (int r = 0; r < R; r++) {
                double sum = 0;
                for (int d = 0; d < D; d++) {
                    sum += Math.exp(DnnlFixture.at(x, r * D + d));
                }
                double inner = 0;
                for (int d = 0; d < D; d++) {
                    inner += Math.exp(DnnlFixture.at(x, r * D + d)) / sum * DnnlFixture.at(dy, r * D + d);
                }
                for (int d = 0; d < D; d++) {
                    double p = Math.exp(DnnlFixture.at(x, r * D + d)) / sum;
                    double gradient = p * (DnnlFixture.at(dy, r * D + d) - inner);
                    assertThat((double) DnnlFixture.at(y, r * D + d)).isEqualTo(p, offset(1e-6));
                    assertThat((double) DnnlFixture.at(dx, r * D + d)).isEqualTo(gradient, offset(1e-6));
                }
            }
        }
    }

    @Test
    void rmsNormAgreesWithLoopsAndItsGradientIsRefused() {
        try (DnnlFixture dnnl = new DnnlFixture()) {
            DnnlMemoryDesc rows = dnnl.dense(R, D);
            DnnlMemoryDesc perRow = dnnl.dense(R);
            DnnlMemoryDesc gains = dnnl.dense(D);
            DnnlNormalization options = new DnnlNormalization(
                    perRow, 1e-2f, Set.of(DnnlNormalization.Flag.SCALE, DnnlNormalization.Flag.RMS));
            MemorySegment x = dnnl.normal(R * D, 1);
            MemorySegment gain = dnnl.normal(D, 2);
            MemorySegment y = dnnl.zeros(R * D);
            DnnlPrimitiveDesc forward = dnnl.plain.normalizationForInference(options, rows, rows);
            dnnl.run(
                    forward,
                    List.of(DnnlArgument.src(rows), DnnlArgument.scale(gains), DnnlArgument.dst(rows)),
                    x,
                    gain,
                    y);
            for (int r = 0; r < R; r++) {
                double square = 0;
                for (int d = 0; d < D; d++) {
                    square += Math.pow(DnnlFixture.at(x, r * D + d), 2) / D;
                }
                for (int d = 0; d < D; d++) {
                    double expected =
                            DnnlFixture.at(x, r * D + d) / Math.sqrt(square + 1e-2f) * DnnlFixture.at(gain, d);
                    assertThat((double) DnnlFixture.at(y, r * D + d)).isEqualTo(expected, offset(1e-5));
                }
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> dnnl.plain.normalizationBackward(options, rows, forward))
                    .withMessage("normalizationBackward: oneDNN is right only without RMS, but got RMS; "
                            + "compute it by hand");
        }
    }

    @Test
    void layerNormAndItsGradientAgreeWithLoops() {
        float epsilon = 1e-2f;
        try (DnnlFixture dnnl = new DnnlFixture()) {
            DnnlMemoryDesc rows = dnnl.dense(R, D);
            DnnlMemoryDesc perRow = dnnl.dense(R);
            DnnlNormalization options = new DnnlNormalization(perRow, epsilon, Set.of());
            MemorySegment x = dnnl.normal(R * D, 1);
            MemorySegment dy = dnnl.normal(R * D, 3);
            MemorySegment y = dnnl.zeros(R * D);
            MemorySegment means = dnnl.zeros(R);
            MemorySegment variances = dnnl.zeros(R);
            MemorySegment dx = dnnl.zeros(R * D);
            DnnlArgument src = DnnlArgument.src(rows);
            DnnlArgument mean = DnnlArgument.mean(perRow);
            DnnlArgument variance = DnnlArgument.variance(perRow);
            DnnlPrimitiveDesc forward = dnnl.plain.normalization(options, rows, rows);
            dnnl.run(forward, List.of(src, DnnlArgument.dst(rows), mean, variance), x, y, means, variances);
            dnnl.run(
                    dnnl.plain.normalizationBackward(options, rows, forward),
                    List.of(src, mean, variance, DnnlArgument.diffDst(rows), DnnlArgument.diffSrc(rows)),
                    x,
                    means,
                    variances,
                    dy,
                    dx);
            for (int r = 0; r < R; r++) {
                double inverse = 1 / Math.sqrt(DnnlFixture.at(variances, r) + epsilon);
                double sum = 0;
                double inner = 0;
                for (int d = 0; d < D; d++) {
                    double scaled = (DnnlFixture.at(x, r * D + d) - DnnlFixture.at(means, r)) * inverse;
                    assertThat((double) DnnlFixture.at(y, r * D + d)).isEqualTo(scaled, offset(1e-5));
                    sum += (double) DnnlFixture.at(dy, r * D + d) / D;
                    inner += scaled * DnnlFixture.at(dy, r * D + d) / D;
                }
                for (int d = 0; d < D; d++) {
                    double scaled = (DnnlFixture.at(x, r * D + d) - DnnlFixture.at(means, r)) * inverse;
                    double gradient = inverse * (DnnlFixture.at(dy, r * D + d) - sum - scaled * inner);
                    assertThat((double) DnnlFixture.at(dx, r * D + d)).isEqualTo(gradient, offset(1e-5));
                }
            }
        }
    }

    @Test
    void eltwiseBinaryAndReductionAgreeWithLoops() {
        try (DnnlFixture dnnl = new DnnlFixture()) {
            DnnlMemoryDesc rows = dnnl.dense(R, D);
            DnnlMemoryDesc row = dnnl.dense(1, D);
            MemorySegment x = dnnl.normal(R * D, 1);
            MemorySegment dy = dnnl.normal(R * D, 2);
            MemorySegment y = dnnl.zeros(R * D);
            MemorySegment dx = dnnl.zeros(R * D);
            MemorySegment sums = dnnl.zeros(D);
            MemorySegment shifted = dnnl.zeros(R * D);
            DnnlPrimitiveDesc forward = dnnl.plain.eltwise(DnnlEltwise.silu(), rows, rows);
            dnnl.run(forward, List.of(DnnlArgument.src(rows), DnnlArgument.dst(rows)), x, y);
            dnnl.run(
                    dnnl.plain.eltwiseBackward(DnnlEltwise.silu(), rows, forward),
                    List.of(DnnlArgument.src(rows), DnnlArgument.diffDst(rows), DnnlArgument.diffSrc(rows)),
                    x,
                    dy,
                    dx);
            dnnl.run(
                    dnnl.plain.reduction(DnnlReduction.SUM, rows, row),
                    List.of(DnnlArgument.src(rows), DnnlArgument.dst(row)),
                    x,
                    sums);
            dnnl.run(
                    dnnl.plain.binary(DnnlBinary.SUB, rows, row, rows),
                    List.of(DnnlArgument.src(rows), DnnlArgument.src1(row), DnnlArgument.dst(rows)),
                    x,
                    sums,
                    shifted);
            for (int d = 0; d < D; d++) {
                double sum = 0;
                for (int r = 0; r < R; r++) {
                    double v = DnnlFixture.at(x, r * D + d);
                    double s = 1 / (1 + Math.exp(-v));
                    sum += v;
                    assertThat((double) DnnlFixture.at(y, r * D + d)).isEqualTo(v * s, offset(1e-6));
                    assertThat((double) DnnlFixture.at(dx, r * D + d))
                            .isEqualTo(DnnlFixture.at(dy, r * D + d) * s * (1 + v * (1 - s)), offset(1e-5));
                    assertThat(DnnlFixture.at(shifted, r * D + d))
                            .isEqualTo(DnnlFixture.at(x, r * D + d) - DnnlFixture.at(sums, d));
                }
                assertThat((double) DnnlFixture.at(sums, d)).isEqualTo(sum, offset(1e-5));
            }
        }
    }
}
