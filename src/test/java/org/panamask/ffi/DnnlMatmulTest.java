package org.panamask.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class DnnlMatmulTest {
    private static final int M = 13;
    private static final int K = 48;
    private static final int N = 40;

    @Test
    void packedWeightsWithBiasAndPostOpsAgreeWithLoops() {
        try (DnnlFixture dnnl = new DnnlFixture();
                DnnlPostOps chain = DnnlPostOps.create(dnnl.engine)) {
            DnnlMemoryDesc result = dnnl.dense(M, N);
            chain.eltwise(DnnlEltwise.silu()).binary(DnnlBinary.MUL, result).sum(0.5f);
            DnnlOperations fused = new DnnlOperations(dnnl.engine, dnnl.own(DnnlAttributes.create(dnnl.engine, chain)));
            DnnlMemoryDesc input = dnnl.dense(M, K);
            DnnlMemoryDesc bias = dnnl.dense(1, N);
            DnnlMemoryDesc packed = dnnl.packed(256, K, N);
            MemorySegment x = dnnl.normal(M * K, 1);
            MemorySegment w = dnnl.normal(K * N, 2);
            MemorySegment b = dnnl.normal(N, 3);
            MemorySegment gate = dnnl.normal(M * N, 4);
            MemorySegment y = dnnl.normal(M * N, 5);
            float[] before = DnnlFixture.floats(y);
            dnnl.run(
                    fused.matmul(input, packed, bias, result),
                    List.of(
                            DnnlArgument.src(input),
                            DnnlArgument.weights(packed),
                            DnnlArgument.bias(bias),
                            DnnlArgument.dst(result),
                            DnnlArgument.postOp(1, result)),
                    x,
                    dnnl.reordered(w, dnnl.dense(K, N), packed),
                    b,
                    y,
                    gate);
            for (int m = 0; m < M; m++) {
                for (int n = 0; n < N; n++) {
                    double sum = DnnlFixture.at(b, n);
                    for (int k = 0; k < K; k++) {
                        sum += (double) DnnlFixture.at(x, m * K + k) * DnnlFixture.at(w, k * N + n);
                    }
                    double expected =
                            sum / (1 + Math.exp(-sum)) * DnnlFixture.at(gate, m * N + n) + 0.5 * before[m * N + n];
                    assertThat((double) DnnlFixture.at(y, m * N + n)).isEqualTo(expected, offset(1e-4));
                }
            }
        }
    }

    @Test
    void stridedBatchesReadHeadsInPlace() {
        int batch = 2;
        int heads = 3;
        int tokens = 5;
        int width = 16;
        long row = heads * width;
        try (DnnlFixture dnnl = new DnnlFixture()) {
            // Stored [B, T, H, d]; seen as [B, H, T, d] and, for the keys, [B, H, d, T].
            DnnlMemoryDesc q = dnnl.strided(new long[] {batch, heads, tokens, width}, tokens * row, width, row, 1);
            DnnlMemoryDesc k = dnnl.strided(new long[] {batch, heads, width, tokens}, tokens * row, width, 1, row);
            DnnlMemoryDesc scores = dnnl.dense(batch, heads, tokens, tokens);
            MemorySegment queries = dnnl.normal(batch * tokens * row, 1);
            MemorySegment keys = dnnl.normal(batch * tokens * row, 2);
            MemorySegment out = dnnl.zeros((long) batch * heads * tokens * tokens);
            dnnl.run(
                    dnnl.plain.matmul(q, k, scores),
                    List.of(DnnlArgument.src(q), DnnlArgument.weights(k), DnnlArgument.dst(scores)),
                    queries,
                    keys,
                    out);
            int at = 0;
            for (int bh = 0; bh < batch * heads; bh++) {
                long base = bh / heads * tokens * row + (long) (bh % heads) * width;
                for (int i = 0; i < tokens; i++) {
                    for (int j = 0; j < tokens; j++) {
                        double sum = 0;
                        for (int d = 0; d < width; d++) {
                            sum += (double) DnnlFixture.at(queries, base + i * row + d)
                                    * DnnlFixture.at(keys, base + j * row + d);
                        }
                        assertThat((double) DnnlFixture.at(out, at++)).isEqualTo(sum, offset(1e-4));
                    }
                }
            }
        }
    }

    @Test
    void rowsDoNotDependOnHowManyThereAre() {
        int k = 200;
        int n = 96;
        int most = 70;
        try (DnnlFixture dnnl = new DnnlFixture()) {
            DnnlMemoryDesc packed = dnnl.packed(256, k, n);
            MemorySegment x = dnnl.normal((long) most * k, 1);
            MemorySegment w = dnnl.reordered(dnnl.normal((long) k * n, 2), dnnl.dense(k, n), packed);
            float[] all = product(dnnl, most, packed, x, w, k, n);
            for (int m = 1; m < most; m++) {
                float[] some = product(dnnl, m, packed, x, w, k, n);
                assertThat(some).as("%d rows", m).isEqualTo(Arrays.copyOf(all, m * n));
            }
        }
    }

    private static float[] product(
            DnnlFixture dnnl, int m, DnnlMemoryDesc packed, MemorySegment x, MemorySegment w, int k, int n) {
        DnnlMemoryDesc src = dnnl.dense(m, k);
        DnnlMemoryDesc dst = dnnl.dense(m, n);
        MemorySegment y = dnnl.zeros((long) m * n);
        dnnl.run(
                dnnl.plain.matmul(src, packed, dst),
                List.of(DnnlArgument.src(src), DnnlArgument.weights(packed), DnnlArgument.dst(dst)),
                x,
                w,
                y);
        return DnnlFixture.floats(y);
    }

    @Test
    void operandsCanBeScaled() {
        try (DnnlFixture dnnl = new DnnlFixture()) {
            DnnlMemoryDesc two = dnnl.dense(2, 2);
            DnnlMemoryDesc one = dnnl.dense(1);
            DnnlArgument src = DnnlArgument.src(two);
            DnnlAttributes attributes =
                    dnnl.own(DnnlAttributes.create(dnnl.engine).scaled(src.id()));
            MemorySegment x = dnnl.normal(4, 1);
            MemorySegment scale = dnnl.normal(1, 2);
            MemorySegment y = dnnl.zeros(4);
            MemorySegment identity = dnnl.zeros(4);
            identity.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 1);
            identity.setAtIndex(ValueLayout.JAVA_FLOAT, 3, 1);
            dnnl.run(
                    new DnnlOperations(dnnl.engine, attributes).matmul(two, two, two),
                    List.of(src, DnnlArgument.weights(two), DnnlArgument.dst(two), DnnlArgument.scaleOf(src, one)),
                    x,
                    identity,
                    y,
                    scale);
            for (int i = 0; i < 4; i++) {
                assertThat(DnnlFixture.at(y, i)).isEqualTo(DnnlFixture.at(x, i) * DnnlFixture.at(scale, 0));
            }
        }
    }
}
