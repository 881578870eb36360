package org.panamask.autograd;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.panamask.backend.Backend;
import org.panamask.backend.Precision;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenWeighting;
import org.panamask.tensor.Weight;

/// What is differentiated: every operation alone, and graphs of them.
final class GradientCases {
    private GradientCases() {}

    /// A function of tensors and weights.
    @FunctionalInterface
    interface Body {
        Tensor apply(Ops ops, List<Tensor> x, List<Weight> w);
    }

    /// @param name what is differentiated
    /// @param tensors the shapes of the tensors
    /// @param weights the shapes of the weights
    /// @param body the function
    record Case(String name, List<Shape> tensors, List<Shape> weights, Body body) {
        /// The gradients of all tensors, then of all weights, at `values` in the same order.
        List<double[]> gradients(Backend backend, Precision precision, List<double[]> values) {
            try (Owner owner = backend.owner("weights")) {
                return backend.run("gradients", precision, ops -> {
                    List<Tensor> x = tensors(ops, values);
                    List<Weight> w = weights(ops, owner, values);
                    Accumulators accumulators = Accumulators.of(ops, owner, w);
                    Tape tape = new Tape(ops, accumulators);
                    x.forEach(tape::watch);
                    Tensor output = body.apply(tape, x, w);
                    tape.backward(output, converted(ops, output.shape(), output.dtype(), factors(output)));
                    return Stream.concat(
                                    x.stream().map(each -> tape.gradient(each).orElseThrow()),
                                    accumulators.tensors().stream())
                            .map(ops::doubles)
                            .toList();
                });
            }
        }

        /// The sum that is differentiated.
        double value(Backend backend, Precision precision, List<double[]> values) {
            try (Owner owner = backend.owner("weights")) {
                return backend.run("value", precision, ops -> {
                    Tensor output = body.apply(ops, tensors(ops, values), weights(ops, owner, values));
                    double[] numbers = ops.doubles(output);
                    double[] factors = factors(output);
                    return IntStream.range(0, numbers.length)
                            .mapToDouble(i -> numbers[i] * factors[i])
                            .sum();
                });
            }
        }

        /// The weights of the outputs in the sum; a loss counts once.
        private static double[] factors(Tensor output) {
            double[] factors = numbers(new Random(5), output.count(), DType.BF16);
            return factors.length == 1 ? new double[] {1} : factors;
        }

        private static Tensor activations(BackwardOps ops, Shape shape, double[] values) {
            return converted(ops, shape, ops.dtype(), values);
        }

        private static Tensor converted(BackwardOps ops, Shape shape, DType dtype, double[] values) {
            Tensor tensor = ops.empty(shape, dtype);
            ops.copy(ops.upload(shape, values), tensor);
            return tensor;
        }

        private List<Tensor> tensors(BackwardOps ops, List<double[]> values) {
            return IntStream.range(0, tensors.size())
                    .mapToObj(i -> activations(ops, tensors.get(i), values.get(i)))
                    .toList();
        }

        private List<Weight> weights(BackwardOps ops, Owner owner, List<double[]> values) {
            return IntStream.range(0, weights.size())
                    .mapToObj(i -> ops.weight(
                            owner,
                            new HostTensor(
                                    "w" + i,
                                    DType.F64,
                                    weights.get(i),
                                    MemorySegment.ofArray(values.get(tensors.size() + i))),
                            true))
                    .toList();
        }

        /// Seeded numbers for all tensors, then all weights, that f32 and `rounding` hold exactly.
        List<double[]> values(DType rounding) {
            Random random = new Random(42);
            return Stream.concat(tensors.stream(), weights.stream())
                    .map(shape -> numbers(random, shape.count(), rounding))
                    .toList();
        }

        private static double[] numbers(Random random, long count, DType rounding) {
            MemorySegment one = MemorySegment.ofArray(new long[1]);
            return random.doubles(count, -1.5, 1.5)
                    .map(each -> {
                        HostNumbers.put(one, rounding, 0, (float) each);
                        return HostNumbers.at(one, rounding, 0);
                    })
                    .toArray();
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /// One case for each operation that has a gradient, and graphs in which gradients meet.
    static Stream<Case> all() {
        return Stream.of(operations(), attentions(), graphs(), chains()).flatMap(each -> each);
    }

    private static Stream<Case> operations() {
        List<Shape> none = List.of();
        return Stream.of(
                new Case(
                        "embedding",
                        none,
                        shapes("5 3"),
                        (ops, _, w) -> ops.embedding(ints(ops, 4, 0, 4, 2), w.get(0))),
                new Case("linear", shapes("3 4"), shapes("5 4"), (ops, x, w) -> ops.linear(x.get(0), w.get(0))),
                new Case(
                        "linear with bias",
                        shapes("3 4"),
                        shapes("5 4", "5"),
                        (ops, x, w) -> ops.linear(x.get(0), w.get(0), w.get(1))),
                new Case(
                        "addLinear",
                        shapes("3 4", "3 2"),
                        shapes("5 4", "5 2"),
                        (ops, x, w) -> ops.addLinear(ops.linear(x.get(0), w.get(0)), x.get(1), w.get(1), 0.5f)),
                new Case("dropout", shapes("3 11"), none, (ops, x, _) -> ops.dropout(x.get(0), dropout(ops, 3))),
                new Case("rmsNorm", shapes("3 5"), shapes("5"), (ops, x, w) -> ops.rmsNorm(x.get(0), w.get(0), 1e-2)),
                new Case(
                        "layerNorm",
                        shapes("3 5"),
                        shapes("5", "5"),
                        (ops, x, w) -> ops.layerNorm(x.get(0), w.get(0), w.get(1), 1e-2)),
                new Case("gelu", shapes("3 5"), none, (ops, x, _) -> ops.gelu(x.get(0))),
                new Case("columns", shapes("3 7"), none, (ops, x, _) -> ops.columns(x.get(0), 2, 3)),
                new Case("rotate", shapes("3 2 6"), none, (ops, x, _) -> ops.rotate(x.get(0), rotation(ops, 3))),
                new Case("swiGlu", shapes("3 5", "3 5"), none, (ops, x, _) -> ops.swiGlu(x.get(0), x.get(1))),
                new Case("add", shapes("3 5", "3 5"), none, (ops, x, _) -> ops.add(x.get(0), x.get(1))),
                new Case(
                        "gatherRows", shapes("5 3"), none, (ops, x, _) -> ops.gatherRows(x.get(0), ints(ops, 4, 0, 3))),
                new Case(
                        "gatherRows, one twice",
                        shapes("5 3"),
                        none,
                        (ops, x, _) -> ops.gatherRows(x.get(0), ints(ops, 0, 0, 3))),
                new Case(
                        "crossEntropy of weighted tokens",
                        shapes("3 4"),
                        shapes("7 4"),
                        (ops, x, w) -> ops.crossEntropy(x.get(0), w.get(0), weighted(ops))
                                .loss()),
                new Case("crossEntropy", shapes("3 4"), shapes("7 4"), (ops, x, w) -> loss(ops, x.get(0), w.get(0))));
    }

    private static Stream<Case> attentions() {
        AttentionMask full = new AttentionMask.Full();
        AttentionMask segments = AttentionMask.Segments.of(new int[][] {{1, 1, 2, 0}, {0, 0, 0, 0}});
        return Stream.of(
                attention("causal", new AttentionMask.Causal().lower(2, 4)),
                attention("full", full.lower(2, 4)),
                attention("full, gathered", full.lower(2, 4, new int[] {1, 6, 7})),
                attention("lengths", new AttentionMask.Lengths(List.of(3, 0)).lower(2, 4)),
                attention("segments", segments.lower(2, 4)),
                attention("annealed", new AttentionMask.Annealed(0.5, 3, full).lower(2, 4)),
                new Case(
                        "attention with dropout",
                        List.of(Shape.of(8, 4, 3), Shape.of(8, 2, 3), Shape.of(8, 2, 3)),
                        List.of(),
                        (ops, x, _) -> ops.attention(
                                x.get(0), x.get(1), x.get(2), full.lower(2, 4), Optional.of(dropout(ops, 8)))));
    }

    private static Case attention(String name, KeyIntervals mask) {
        return new Case(
                "attention, " + name,
                List.of(Shape.of(mask.count(), 4, 3), Shape.of(8, 2, 3), Shape.of(8, 2, 3)),
                List.of(),
                (ops, x, _) -> ops.attention(x.get(0), x.get(1), x.get(2), mask));
    }

    private static Stream<Case> graphs() {
        KeyIntervals causal = new AttentionMask.Causal().lower(2, 3);
        return Stream.of(
                new Case(
                        "one tensor added to itself",
                        shapes("3 4"),
                        List.of(),
                        (ops, x, _) -> ops.add(x.get(0), x.get(0))),
                new Case(
                        "one tensor as gate and value",
                        shapes("3 4"),
                        List.of(),
                        (ops, x, _) -> ops.swiGlu(x.get(0), x.get(0))),
                new Case(
                        "one tensor as query, key and value",
                        shapes("6 2 4"),
                        List.of(),
                        (ops, x, _) -> ops.attention(x.get(0), x.get(0), x.get(0), causal)),
                new Case(
                        "one weight twice",
                        shapes("3 4"),
                        shapes("4 4"),
                        (ops, x, w) -> ops.linear(ops.linear(x.get(0), w.get(0)), w.get(0))),
                new Case("columns of one tensor as query, key and value", shapes("6 12"), List.of(), (ops, x, _) -> {
                    Tensor q = ops.columns(x.get(0), 0, 4).reshape(6, 2, 2);
                    Tensor k = ops.columns(x.get(0), 4, 4).reshape(6, 2, 2);
                    return ops.attention(q, k, ops.columns(x.get(0), 8, 4).reshape(6, 2, 2), causal);
                }),
                new Case("adapted map with bias", shapes("3 4"), shapes("6 4", "6", "2 4", "6 2"), (ops, x, w) -> {
                    Tensor y = ops.linear(x.get(0), w.get(0), w.get(1));
                    return ops.addLinear(y, ops.linear(x.get(0), w.get(2)), w.get(3), 0.5f);
                }),
                new Case("one tensor in two shapes", shapes("3 6"), shapes("6 6"), (ops, x, w) -> {
                    Tensor rotated = ops.rotate(x.get(0).reshape(3, 1, 6), rotation(ops, 3));
                    return ops.add(ops.linear(x.get(0), w.get(0)), rotated.reshape(3, 6));
                }),
                new Case("one tensor in two shapes, the other way", shapes("3 6"), shapes("6 6"), (ops, x, w) -> {
                    Tensor straight = ops.linear(x.get(0), w.get(0));
                    Tensor rotated = ops.rotate(x.get(0).reshape(3, 1, 6), rotation(ops, 3));
                    return ops.add(rotated.reshape(3, 6), straight);
                }),
                new Case("branches that join", shapes("3 4"), shapes("4 4", "4 4"), (ops, x, w) -> {
                    Tensor y = ops.linear(x.get(0), w.get(0));
                    Tensor z = ops.swiGlu(y, ops.linear(y, w.get(1)));
                    return ops.add(ops.add(y, z), x.get(0));
                }),
                new Case("sums of sums of one tensor", shapes("3 4"), List.of(), (ops, x, _) -> {
                    Tensor twice = ops.add(x.get(0), x.get(0));
                    return ops.add(ops.swiGlu(twice, x.get(0)), ops.add(twice, x.get(0)));
                }));
    }

    private static Stream<Case> chains() {
        return Stream.of(
                new Case(
                        "chain of residual blocks",
                        shapes("3 4"),
                        shapes("4", "4 4"),
                        (ops, x, w) -> ops.chain("blocks", x.get(0), 3, (_, in) -> block(ops, in, w))),
                new Case(
                        "chain whose links share an outer tensor",
                        shapes("3 4", "3 4"),
                        shapes("4", "4 4"),
                        (ops, x, w) -> ops.chain(
                                "blocks",
                                x.get(0),
                                2,
                                (_, in) -> ops.add(ops.swiGlu(x.get(1), in), block(ops, in, w)))),
                new Case("chain between operations", shapes("4 4"), shapes("4", "4 4", "7 4"), (ops, x, w) -> {
                    Tensor before = ops.linear(x.get(0), w.get(1));
                    Tensor after = ops.chain("blocks", before, 2, (_, in) -> block(ops, in, w));
                    Tensor rows = ops.gatherRows(ops.add(before, after), ints(ops, 3, 0, 1));
                    return loss(ops, ops.rmsNorm(rows, w.get(0), 1e-3), w.get(2));
                }),
                new Case(
                        "chain of links that pass through",
                        shapes("3 4"),
                        shapes("4", "4 4"),
                        (ops, x, w) ->
                                ops.chain("blocks", x.get(0), 3, (index, in) -> index == 1 ? in : block(ops, in, w))));
    }

    private static Tensor block(Ops ops, Tensor x, List<Weight> w) {
        return ops.add(x, ops.linear(ops.rmsNorm(x, w.get(0), 1e-3), w.get(1)));
    }

    private static Tensor loss(Ops ops, Tensor hidden, Weight head) {
        Tensor weights = ops.upload(Shape.of(3), new double[] {0.5, 0, 2});
        return ops.crossEntropy(hidden, head, ints(ops, 6, 1, 0), weights).loss();
    }

    private static Scoring weighted(Ops ops) {
        Tensor weights = ops.upload(Shape.of(3), new double[] {0.5, 1, 2});
        return new Scoring(ints(ops, 6, 1, 0), weights, new TokenWeighting(0.25, 2));
    }

    private static Tensor ints(Ops ops, int... values) {
        return ops.upload(Shape.of(values.length), values);
    }

    private static DropoutKey dropout(Ops ops, int rows) {
        int[] samples = IntStream.range(0, rows * 2).toArray();
        return new DropoutKey(0.4, 77, 2, ops.upload(Shape.of(rows, 2), samples));
    }

    private static Ops.Rotation rotation(Ops ops, int rows) {
        double[] cos = IntStream.range(0, 15).mapToDouble(Math::cos).toArray();
        double[] sin = IntStream.range(0, 15).mapToDouble(Math::sin).toArray();
        Tensor positions =
                ops.upload(Shape.of(rows), IntStream.range(1, rows + 1).toArray());
        return new Ops.Rotation(ops.upload(Shape.of(5, 3), cos), ops.upload(Shape.of(5, 3), sin), positions);
    }

    private static List<Shape> shapes(String... extents) {
        return Arrays.stream(extents)
                .map(each -> Shape.of(Arrays.stream(each.split(" "))
                        .mapToLong(Long::parseLong)
                        .toArray()))
                .toList();
    }
}
