package org.panamask.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.Into;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Philox;
import org.panamask.tensor.Shape;
import org.panamask.tensor.ShapeException;
import org.panamask.tensor.Tensor;

/// Attention under every mask, forward and back, on every backend.
class AttentionContractTest extends BackendContract {
    private static final AttentionMask FULL = new AttentionMask.Full();

    /// @param name of the mask
    /// @param mask of the query rows
    /// @param heads H, K and d
    record Problem(String name, KeyIntervals mask, int... heads) {
        @Override
        public String toString() {
            return name + ", T = " + mask.keys() + ", R = " + mask.count() + ", heads " + Arrays.toString(heads);
        }
    }

    static Stream<Problem> problems() {
        AttentionMask segments = AttentionMask.Segments.of(
                new int[][] {{1, 1, 1, 2, 2, 0, 0}, {0, 0, 0, 0, 0, 0, 0}, {3, 4, 4, 4, 4, 4, 5}});
        AttentionMask annealed = new AttentionMask.Annealed(0.4, 99, FULL);
        BitSet one = bits(7 * 7);
        one.clear(7, 14);
        return Stream.of(
                new Problem("causal", new AttentionMask.Causal().lower(2, 7), 4, 2, 6),
                new Problem("causal", new AttentionMask.Causal().lower(1, 70), 2, 2, 16),
                new Problem("full", FULL.lower(3, 1), 2, 1, 8),
                new Problem("full", FULL.lower(2, 33), 6, 2, 64),
                new Problem("lengths, many rows", new AttentionMask.Lengths(List.of(20, 0, 33)).lower(3, 33), 6, 2, 16),
                new Problem("annealed, grouped", annealed.lower(3, 40), 4, 2, 8),
                new Problem(
                        "lengths, gathered",
                        new AttentionMask.Lengths(List.of(20, 0, 33)).lower(3, 33, gathered()),
                        6,
                        2,
                        16),
                new Problem("full, one row", FULL.lower(2, 9, new int[] {13}), 3, 1, 4),
                new Problem("full, gathered", FULL.lower(3, 9, new int[] {0, 5, 8, 20, 26}), 4, 4, 8),
                new Problem("full, no rows", FULL.lower(2, 4, new int[0]), 4, 4, 8),
                new Problem(
                        "spans",
                        new AttentionMask.Spans(List.of(
                                        new AttentionMask.Span(3, 7),
                                        new AttentionMask.Span(7, 7),
                                        new AttentionMask.Span(1, 6)))
                                .lower(3, 7),
                        4,
                        1,
                        6),
                new Problem("lengths", new AttentionMask.Lengths(List.of(5, 0, 7)).lower(3, 7), 4, 1, 6),
                new Problem("segments", segments.lower(3, 7), 4, 2, 6),
                new Problem("segments, gathered", segments.lower(3, 7, new int[] {1, 5, 6, 9, 14, 20}), 2, 2, 10),
                new Problem("annealed", annealed.lower(2, 70), 2, 1, 8),
                new Problem("annealed, gathered", annealed.lower(2, 70, new int[] {3, 64, 69, 70, 139}), 2, 1, 8),
                new Problem("annealed segments", new AttentionMask.Annealed(0.3, 5, segments).lower(3, 7), 2, 1, 4),
                new Problem("given for all", new AttentionMask.Given(1, 7, one).lower(2, 7), 2, 2, 6),
                new Problem(
                        "given", new AttentionMask.Given(2, 7, bits(98)).lower(2, 7, new int[] {2, 6, 9}), 2, 1, 6));
    }

    /// Of three batch rows with 33 tokens: every other one of the first, two of the second, the first 21 of the
    /// third.
    private static int[] gathered() {
        return IntStream.range(0, 99)
                .filter(row -> row < 33 && row % 2 == 0 || row == 40 || row == 50 || row >= 66 && row < 87)
                .toArray();
    }

    private static BitSet bits(int count) {
        Random random = new Random(5);
        BitSet bits = new BitSet();
        for (int i = 0; i < count; i++) {
            bits.set(i, random.nextBoolean());
        }
        return bits;
    }

    @ParameterizedTest
    @MethodSource("problems")
    void attention(Problem problem) {
        contract.agrees(backend, (ops, inputs) -> {
            BackwardOps.AttentionInputs in = inputs(problem, inputs);
            return List.of(ops.doubles(ops.attention(in.q(), in.k(), in.v(), in.mask())));
        });
    }

    @ParameterizedTest
    @MethodSource("problems")
    void attentionBackward(Problem problem) {
        contract.agrees(backend, (ops, inputs) -> {
            BackwardOps.AttentionInputs in = inputs(problem, inputs);
            Tensor dy = inputs.normal(in.q().shape().toArray());
            long[] q = in.q().shape().toArray();
            long[] k = in.k().shape().toArray();
            List<Into> gradients = List.of(
                    inputs.into(false, q),
                    inputs.into(false, k),
                    inputs.into(false, k),
                    inputs.into(true, q),
                    inputs.into(true, k),
                    inputs.into(true, k));
            ops.attentionBackward(dy, in, gradients.get(0), gradients.get(1), gradients.get(2));
            ops.attentionBackward(dy, in, gradients.get(3), gradients.get(4), gradients.get(5));
            return gradients.stream().map(each -> ops.doubles(each.tensor())).toList();
        });
    }

    private static DropoutKey dropout(Inputs inputs, KeyIntervals mask) {
        return new DropoutKey(0.3, 0x1234_5678_9ABCL, 5, inputs.ints(1000, mask.count(), 2));
    }

    @ParameterizedTest
    @MethodSource("problems")
    void attentionWithDropout(Problem problem) {
        contract.agrees(backend, (ops, inputs) -> {
            BackwardOps.AttentionInputs plain = inputs(problem, inputs);
            DropoutKey key = dropout(inputs, problem.mask());
            BackwardOps.AttentionInputs in =
                    new BackwardOps.AttentionInputs(plain.q(), plain.k(), plain.v(), plain.mask(), Optional.of(key));
            long[] q = in.q().shape().toArray();
            long[] k = in.k().shape().toArray();
            Into dq = inputs.into(false, q);
            Into dk = inputs.into(true, k);
            Into dv = inputs.into(false, k);
            ops.attentionBackward(inputs.normal(q), in, dq, dk, dv);
            return List.of(
                    ops.doubles(ops.attention(in.q(), in.k(), in.v(), in.mask(), in.dropout())),
                    ops.doubles(dq.tensor()),
                    ops.doubles(dk.tensor()),
                    ops.doubles(dv.tensor()));
        });
    }

    /// Queries of zero give every key the same probability, and values that are columns of an identity show it.
    @Test
    void probabilitiesAreDroppedAsTheKeySays() {
        contract.results(backend, (ops, inputs) -> {
            KeyIntervals mask = FULL.lower(1, 12, new int[] {3, 7});
            Tensor q = zeros(ops, 2, 2, 12);
            Tensor k = inputs.normal(12, 2, 12);
            double[] one = new double[12 * 2 * 12];
            IntStream.range(0, 24).forEach(row -> one[row * 12 + row / 2] = 1);
            Tensor v = ops.empty(Shape.of(12, 2, 12), ops.dtype());
            ops.copy(ops.upload(v.shape(), one), v);
            Tensor rows = ops.upload(Shape.of(2, 2), new int[] {77, 3, 91, 4});
            DropoutKey key = new DropoutKey(0.25, 123_456_789_012L, 9, rows);
            double[] y = ops.doubles(ops.attention(q, k, v, mask, Optional.of(key)));
            int[] words = new int[4];
            for (int i = 0; i < y.length; i++) {
                int head = i / 12 % 2;
                int column = i % 12;
                long name = i < 24 ? 77 | 3L << 32 : 91 | 4L << 32;
                Philox.fill(words, key.seed(), name, column / 8 | (9 + (head + 1L << 20)) << 32);
                int draw = words[column % 8 / 2] >>> column % 2 * 16 & 0xFFFF;
                assertThat(y[i]).as("element %d", i).isCloseTo(draw < 16384 ? 0 : 1 / 9.0, within(1e-3));
            }
            return List.of();
        });
    }

    private static Tensor zeros(BackwardOps ops, long... extents) {
        Tensor tensor = ops.empty(Shape.of(extents), ops.dtype());
        ops.clear(tensor);
        return tensor;
    }

    @Test
    void keysOfDropoutThatDoNotFitAreRefused() {
        contract.results(backend, (ops, inputs) -> {
            KeyIntervals mask = FULL.lower(1, 3);
            Tensor x = inputs.normal(3, 1, 4);
            DropoutKey few = new DropoutKey(0.1, 1, 0, inputs.ints(9, 2, 2));
            DropoutKey far = new DropoutKey(0.1, 1, 1 << 20, inputs.ints(9, 3, 2));
            assertThatThrownBy(() -> ops.attention(x, x, x, mask, Optional.of(few)))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("attention: q [R, H, d] needs a key with rows [R, 2], but got [[3, 1, 4], [2, 2]]");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ops.attention(x, x, x, mask, Optional.of(far)))
                    .withMessage("attention: the key's site must be in [0, 1048576), but got 1048576");
            return List.of();
        });
    }

    private static BackwardOps.AttentionInputs inputs(Problem problem, Inputs inputs) {
        KeyIntervals mask = problem.mask();
        int[] heads = problem.heads();
        long keys = (long) mask.batch() * mask.keys();
        return new BackwardOps.AttentionInputs(
                inputs.normal(mask.count(), heads[0], heads[2]),
                inputs.normal(keys, heads[1], heads[2]),
                inputs.normal(keys, heads[1], heads[2]),
                mask);
    }

    @Test
    void rowsThatSeeNothingGiveZero() {
        contract.results(backend, (ops, inputs) -> {
            KeyIntervals mask = new AttentionMask.Lengths(List.of(0, 2)).lower(2, 3);
            Tensor x = inputs.normal(6, 2, 4);
            double[] y = ops.doubles(ops.attention(x, x, x, mask));
            assertThat(Arrays.copyOf(y, 24)).containsOnly(0);
            Into dq = inputs.into(false, 6, 2, 4);
            Into dk = inputs.into(false, 6, 2, 4);
            Into dv = inputs.into(false, 6, 2, 4);
            ops.attentionBackward(x, new BackwardOps.AttentionInputs(x, x, x, mask), dq, dk, dv);
            for (Into each : List.of(dq, dk, dv)) {
                assertThat(Arrays.copyOf(ops.doubles(each.tensor()), 24)).containsOnly(0);
            }
            return List.of();
        });
    }

    @Test
    void oneTensorMayTakeAllThreeGradients() {
        contract.agrees(backend, (ops, inputs) -> {
            KeyIntervals mask = new AttentionMask.Causal().lower(2, 5);
            Tensor x = inputs.normal(10, 2, 4);
            Into first = inputs.into(false, 10, 2, 4);
            Into again = new Into(first.tensor(), true);
            ops.attentionBackward(
                    inputs.normal(10, 2, 4), new BackwardOps.AttentionInputs(x, x, x, mask), first, again, again);
            return List.of(ops.doubles(first.tensor()));
        });
    }
}
