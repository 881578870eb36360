package org.panamask.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.Into;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Attention over 8,192 tokens holds no `[T, T]`, forward and back: in f32 one such matrix takes 256 MiB, as bytes 64.
class AttentionMemoryTest {
    private static final int TOKENS = 8192;

    /// The most native bytes of a job and of those after it: queries, keys, values, the result and gradients take 1
    /// MiB, the scores of a block of rows, their gradients and the mask 4 MiB each.
    private static final long MOST_BYTES = 16 << 20;

    /// Probabilities before and after dropout are both needed on the way back.
    private static final long MOST_WITH_DROPOUT = 20 << 20;

    /// The most while the first job of its kind runs, whose arena grows piece by piece.
    private static final long MOST_AT_FIRST = 48 << 20;

    /// @param backend the backend
    /// @param name of the mask
    /// @param mask what is seen
    /// @param step every which query row is asked for
    /// @param dropout whether probabilities are dropped
    record Problem(String backend, String name, AttentionMask mask, int step, boolean dropout) {
        KeyIntervals lowered() {
            return mask.lower(
                    1,
                    TOKENS,
                    IntStream.range(0, TOKENS / step)
                            .map(row -> row * step + step - 1)
                            .toArray());
        }

        @Override
        public String toString() {
            return backend + ", " + name;
        }
    }

    /// The loops of the reference take 10 seconds for all query rows, so they get every sixteenth. What they keep
    /// in Java arrays is not in the ledger.
    static Stream<Problem> problems() {
        AttentionMask causal = new AttentionMask.Causal();
        AttentionMask full = new AttentionMask.Full();
        AttentionMask annealed = new AttentionMask.Annealed(0.5, 7, full);
        return Stream.of(
                new Problem("cpu", "causal", causal, 1, false),
                new Problem("cpu", "full", full, 1, false),
                new Problem("cpu", "full with dropout", full, 1, true),
                new Problem("cpu", "annealed", annealed, 1, false),
                new Problem("reference", "causal", causal, 16, false),
                new Problem("reference", "full", full, 16, false),
                new Problem("reference", "annealed", annealed, 16, false));
    }

    @ParameterizedTest
    @MethodSource("problems")
    void nothingGrowsWithTheSquareOfTheTokens(Problem problem) {
        KeyIntervals mask = problem.lowered();
        try (Backend backend = new ContractCase(problem.backend(), Precision.F32).open()) {
            backend.run("attention", Precision.F32, ops -> {
                Tensor q = numbers(ops, mask.count());
                Tensor k = numbers(ops, TOKENS);
                Tensor v = numbers(ops, TOKENS);
                Optional<DropoutKey> dropout =
                        problem.dropout() ? Optional.of(key(ops, mask.count())) : Optional.empty();
                Tensor y = ops.attention(q, k, v, mask, dropout);
                Into dq = new Into(ops.empty(q.shape(), q.dtype()), false);
                Into dk = new Into(ops.empty(k.shape(), k.dtype()), false);
                Into dv = new Into(ops.empty(v.shape(), v.dtype()), false);
                ops.attentionBackward(y, new BackwardOps.AttentionInputs(q, k, v, mask, dropout), dq, dk, dv);
                for (Tensor each : List.of(y, dq.tensor(), dk.tensor(), dv.tensor())) {
                    assertThat(DoubleStream.of(ops.doubles(each))).allMatch(Double::isFinite);
                }
                return true;
            });
            assertThat(backend.ledger().peak()).isLessThan(MOST_AT_FIRST);
            assertThat(backend.ledger().total()).isLessThan(problem.dropout() ? MOST_WITH_DROPOUT : MOST_BYTES);
        }
    }

    private static DropoutKey key(BackwardOps ops, int rows) {
        int[] names = IntStream.range(0, 2 * rows).toArray();
        return new DropoutKey(0.1, 7, 0, ops.upload(Shape.of(rows, 2), names));
    }

    private static Tensor numbers(BackwardOps ops, int rows) {
        Shape shape = Shape.of(rows, 1, 4);
        return ops.upload(shape, new Random(rows).doubles(shape.count(), -1, 1).toArray());
    }
}
