package org.panamask.backend.cuda.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.backend.cuda.attention.CompositeShape.Hidden;
import org.panamask.backend.reference.ReferenceProvider;
import org.panamask.ffi.cuda.CudnnType;
import org.panamask.tensor.AnnealingDraw;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.Into;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// The graphs that cuDNN is given compute attention: an interpreter of the very same graphs agrees with the reference.
class CompositeAttentionTest {
    private static final int BATCH = 2;
    private static final int TOKENS = 7;
    private static final int HEADS = 4;
    private static final int WIDTH = 8;

    /// @param hidden how the mask is told
    /// @param mask the same
    /// @param keyHeads K
    /// @param type of operands
    /// @param deterministic whether gradients of queries are summed in one order
    record Problem(Hidden hidden, AttentionMask mask, int keyHeads, CudnnType type, boolean deterministic) {
        /// Every third query row for a bias, which takes any.
        KeyIntervals lowered() {
            boolean some = hidden == Hidden.BIAS_OF_EACH;
            return mask.lower(
                    BATCH,
                    TOKENS,
                    IntStream.range(0, BATCH * TOKENS)
                            .filter(row -> !some || row % TOKENS % 3 == 1)
                            .toArray());
        }

        double tolerance() {
            return type == CudnnType.FLOAT ? 1e-6 : type == CudnnType.HALF ? 2e-3 : 2e-2;
        }
    }

    static Stream<Problem> problems() {
        AttentionMask full = new AttentionMask.Full();
        AttentionMask annealed = new AttentionMask.Annealed(0.4, 99, full);
        AttentionMask lengths = new AttentionMask.Lengths(List.of(5, 3));
        return Stream.of(
                new Problem(Hidden.NONE, full, 4, CudnnType.FLOAT, true),
                new Problem(Hidden.NONE, full, 2, CudnnType.FLOAT, false),
                new Problem(Hidden.LATER, new AttentionMask.Causal(), 1, CudnnType.FLOAT, false),
                new Problem(Hidden.BIAS, annealed, 2, CudnnType.FLOAT, true),
                new Problem(Hidden.BIAS_OF_EACH, lengths, 2, CudnnType.FLOAT, true),
                new Problem(Hidden.LATER, new AttentionMask.Causal(), 2, CudnnType.HALF, true),
                new Problem(Hidden.BIAS_OF_EACH, lengths, 4, CudnnType.BFLOAT16, false));
    }

    @ParameterizedTest
    @MethodSource("problems")
    void theGraphsComputeAttention(Problem problem) {
        KeyIntervals mask = problem.lowered();
        double[] q = normal(1, mask.count() * HEADS * WIDTH, problem.type());
        double[] k = normal(2, BATCH * TOKENS * problem.keyHeads() * WIDTH, problem.type());
        double[] v = normal(3, k.length, problem.type());
        double[] dy = normal(4, q.length, problem.type());
        CompositeShape shape = new CompositeShape(
                problem.type(),
                BATCH,
                HEADS,
                problem.keyHeads(),
                mask.count() / BATCH,
                TOKENS,
                WIDTH,
                problem.hidden());
        double[] bias = bias(mask, problem.hidden());
        List<double[]> actual = interpreted(shape, problem.deterministic(), List.of(q, k, v, dy, bias));
        List<double[]> expected = expected(mask, problem.keyHeads(), List.of(q, k, v, dy));
        for (int i = 0; i < expected.size(); i++) {
            double largest = Arrays.stream(expected.get(i)).map(Math::abs).max().orElse(0);
            for (int e = 0; e < expected.get(i).length; e++) {
                assertThat(Math.abs(actual.get(i)[e] - expected.get(i)[e]))
                        .as("result %d, element %d", i, e)
                        .isLessThanOrEqualTo(problem.tolerance() * largest);
            }
        }
    }

    private static double[] normal(int seed, int count, CudnnType type) {
        Random random = new Random(seed);
        return IntStream.range(0, count)
                .mapToDouble(_ -> random.nextInt(-128, 129) / (type == CudnnType.FLOAT ? 57.0 : 64.0))
                .toArray();
    }

    private static double[] bias(KeyIntervals mask, Hidden hidden) {
        int rows = hidden == Hidden.BIAS ? mask.count() / BATCH : mask.count();
        double[] bias = new double[rows * TOKENS];
        boolean[] visible = new boolean[TOKENS];
        for (int row = 0; row < rows; row++) {
            mask.visible(visible, row, new AnnealingDraw.Span(0, TOKENS));
            for (int j = 0; j < TOKENS; j++) {
                bias[row * TOKENS + j] = visible[j] ? 0 : Double.NEGATIVE_INFINITY;
            }
        }
        return bias;
    }

    private static List<double[]> interpreted(CompositeShape shape, boolean deterministic, List<double[]> in) {
        CompositeForward forward = CompositeForward.of(shape);
        double[] y = new double[in.get(0).length];
        double[] stats = new double[y.length / WIDTH];
        Map<Long, double[]> memory = new HashMap<>(Map.of(
                forward.q().id(), in.get(0),
                forward.kTurned().id(), in.get(1),
                forward.v().id(), in.get(2),
                forward.o().id(), y,
                forward.stats().id(), stats));
        forward.bias().ifPresent(bias -> memory.put(bias.id(), in.get(4)));
        new GraphInterpreter(forward.graph(), memory);
        CompositeBackward backward = CompositeBackward.of(shape, deterministic);
        double[] dq = new double[y.length];
        double[] dk = new double[in.get(1).length];
        double[] dv = new double[in.get(1).length];
        CompositeBackward.Inputs inputs = backward.inputs();
        Map<Long, double[]> back = new HashMap<>(Map.of(
                inputs.q().id(),
                in.get(0),
                inputs.kTurned().id(),
                in.get(1),
                inputs.vTurned().id(),
                in.get(2),
                inputs.o().id(),
                y,
                inputs.dout().id(),
                in.get(3),
                inputs.stats().id(),
                stats,
                backward.delta().id(),
                new double[stats.length],
                backward.dq().id(),
                dq,
                backward.dk().id(),
                dk,
                backward.dv().id(),
                dv));
        inputs.bias().ifPresent(bias -> back.put(bias.id(), in.get(4)));
        backward.sums().ifPresent(sums -> back.put(sums.id(), new double[y.length]));
        new GraphInterpreter(backward.graph(), back);
        return List.of(y, dq, dk, dv);
    }

    private static List<double[]> expected(KeyIntervals mask, int keyHeads, List<double[]> in) {
        try (Backend reference = new ReferenceProvider()
                .open(BackendSettings.defaults().with("name", "reference").with("dtype", Precision.F64))) {
            return reference.run("attention", Precision.F64, ops -> {
                Shape queries = Shape.of(mask.count(), HEADS, WIDTH);
                Shape keys = Shape.of(BATCH * TOKENS, keyHeads, WIDTH);
                BackwardOps.AttentionInputs inputs = new BackwardOps.AttentionInputs(
                        ops.upload(queries, in.get(0)), ops.upload(keys, in.get(1)), ops.upload(keys, in.get(2)), mask);
                Tensor dq = ops.empty(queries, DType.F64);
                Tensor dk = ops.empty(keys, DType.F64);
                Tensor dv = ops.empty(keys, DType.F64);
                Tensor dy = ops.upload(queries, in.get(3));
                ops.attentionBackward(dy, inputs, new Into(dq, false), new Into(dk, false), new Into(dv, false));
                Tensor y = ops.attention(inputs.q(), inputs.k(), inputs.v(), mask);
                return Stream.of(y, dq, dk, dv).map(ops::doubles).toList();
            });
        }
    }
}
