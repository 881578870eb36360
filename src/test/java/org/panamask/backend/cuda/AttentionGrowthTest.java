package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.backend.AttentionKernels;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.emulator.Emulator;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.BackwardOps.AttentionInputs;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.Into;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// What attention takes on the device, forward and back, grows with the tokens and not with their square.
class AttentionGrowthTest {
    private static final int TOKENS = 192;
    private static final int WIDTH = 8;

    /// Bytes that do not grow: places on 256 bytes.
    private static final long CONSTANT = 1 << 10;

    /// What fills the first block of an arena, so that it is as large as what was needed when its job has ended.
    private static final int FIRST_BLOCK = 1 << 20;

    /// Masks of two batch rows by name, for a number of tokens.
    private static Map<String, IntFunction<AttentionMask>> masks() {
        return Map.of(
                "full", _ -> new AttentionMask.Full(),
                "causal", _ -> new AttentionMask.Causal(),
                "lengths", tokens -> new AttentionMask.Lengths(List.of(tokens / 2, tokens)),
                "spans", AttentionGrowthTest::spans,
                "segments", AttentionGrowthTest::segments,
                "annealed", _ -> new AttentionMask.Annealed(0.5, 7, new AttentionMask.Full()),
                "annealed spans", tokens -> new AttentionMask.Annealed(0.5, 7, spans(tokens)),
                "annealed segments", tokens -> new AttentionMask.Annealed(0.5, 7, segments(tokens)));
    }

    private static AttentionMask spans(int tokens) {
        return new AttentionMask.Spans(
                List.of(new AttentionMask.Span(tokens / 4, tokens), new AttentionMask.Span(0, tokens / 2)));
    }

    /// Ever more texts in a row, the last columns padding.
    private static AttentionMask segments(int tokens) {
        List<Integer> row = IntStream.range(0, tokens)
                .mapToObj(column -> column < tokens - 5 ? 1 + column / 24 : 0)
                .toList();
        return new AttentionMask.Segments(List.of(row, Collections.nCopies(tokens, 1)));
    }

    /// @param kernels what computes
    /// @param precision of activations
    record Engine(AttentionKernels kernels, Precision precision) {
        CudaBackend open() {
            return CudaBackend.open(BackendSettings.defaults()
                    .with("name", "cuda")
                    .with("attention", kernels)
                    .with("dtype", precision));
        }

        /// The most that a job with attention under `mask` and its way back took.
        long bytes(KeyIntervals mask, boolean dropout) {
            try (CudaBackend backend = open()) {
                backend.run("attention", precision, ops -> {
                    ops.empty(Shape.of(FIRST_BLOCK), DType.U8);
                    attend(ops, mask, dropout);
                    return true;
                });
                return backend.ledger().owners().getOrDefault("arena", 0L) - FIRST_BLOCK;
            }
        }

        private static void attend(BackwardOps ops, KeyIntervals mask, boolean dropout) {
            int keys = mask.batch() * mask.keys();
            Tensor q = activations(ops, mask.count(), 2);
            Tensor k = activations(ops, keys, 1);
            Tensor v = activations(ops, keys, 1);
            Optional<DropoutKey> key = dropout ? Optional.of(key(ops, mask.count())) : Optional.empty();
            Tensor y = ops.attention(q, k, v, mask, key);
            List<Into> gradients = Stream.of(q, k, v)
                    .map(each -> new Into(ops.empty(each.shape(), each.dtype()), false))
                    .toList();
            AttentionInputs inputs = new AttentionInputs(q, k, v, mask, key);
            ops.attentionBackward(y, inputs, gradients.get(0), gradients.get(1), gradients.get(2));
            for (Into each : gradients) {
                assertThat(DoubleStream.of(ops.doubles(each.tensor())))
                        .allMatch(Double::isFinite)
                        .anyMatch(number -> number != 0);
            }
        }

        private static DropoutKey key(BackwardOps ops, int rows) {
            int[] names = IntStream.range(0, 2 * rows).toArray();
            return new DropoutKey(0.1, 7, 0, ops.upload(Shape.of(rows, 2), names));
        }

        private static Tensor activations(BackwardOps ops, int rows, int heads) {
            Shape shape = Shape.of(rows, heads, WIDTH);
            Tensor tensor = ops.empty(shape, ops.dtype());
            double[] values = new Random(rows).doubles(shape.count(), -1, 1).toArray();
            ops.copy(ops.upload(shape, values), tensor);
            return tensor;
        }
    }

    /// What twice the tokens take beyond twice the memory.
    private static long excess(Engine engine, IntFunction<AttentionMask> mask, boolean dropout) {
        long once = engine.bytes(mask.apply(TOKENS).lower(2, TOKENS), dropout);
        long twice = engine.bytes(mask.apply(2 * TOKENS).lower(2, 2 * TOKENS), dropout);
        assertThat(twice).isGreaterThan(2 * once - CONSTANT);
        return twice - 2 * once;
    }

    @ParameterizedTest
    @CsvSource({"PMK, F32", "PMK, BF16", "AUTO, F16"})
    void twiceTheTokensTakeTwiceTheMemoryUnderEveryMask(AttentionKernels kernels, Precision precision) {
        Emulator.require();
        Engine engine = new Engine(kernels, precision);
        masks().forEach((name, mask) ->
                assertThat(excess(engine, mask, false)).as(name).isLessThan(CONSTANT));
        assertThat(excess(engine, _ -> new AttentionMask.Full(), true))
                .as("dropout")
                .isLessThan(CONSTANT);
    }

    /// Masks for fixtures and tests are given bit by bit, and take those bits and nothing else.
    @Test
    void aMaskGivenByBitsTakesItsBits() {
        Emulator.require();
        Engine engine = new Engine(AttentionKernels.PMK, Precision.BF16);
        long bits = 2L * TOKENS * TOKENS / Byte.SIZE;
        assertThat(excess(engine, AttentionGrowthTest::given, false))
                .isBetween(2 * bits - CONSTANT, 2 * bits + CONSTANT);
    }

    private static AttentionMask given(int tokens) {
        BitSet bits = new BitSet();
        IntStream.range(0, tokens * tokens).filter(bit -> bit % 3 != 0).forEach(bits::set);
        return new AttentionMask.Given(1, tokens, bits);
    }

    /// What the other test would say of a backend that keeps scores.
    @Test
    void scoresAreKeptWhereTheirBackendIsAskedForByName() {
        Emulator.require();
        long scores = 2L * TOKENS * TOKENS * Float.BYTES;
        Engine engine = new Engine(AttentionKernels.MATH, Precision.BF16);
        assertThat(excess(engine, _ -> new AttentionMask.Full(), false)).isGreaterThan(2 * scores);
    }
}
