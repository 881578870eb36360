package org.panamask.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.backend.reference.ReferenceProvider;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Every gradient against central differences, `(f(x + h) - f(x - h)) / 2h`, in f64.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GradientTest {
    private static final double STEP = 1e-5;
    /// The truncation error is of the order of `STEP^2`, the rounding error of `1e-16 / STEP`.
    private static final double TOLERANCE = 1e-8;

    private Backend backend;

    @BeforeAll
    void start() {
        backend = new ReferenceProvider()
                .open(BackendSettings.defaults().with("name", "reference").with("dtype", Precision.F64));
    }

    @AfterAll
    void stop() {
        backend.close();
        assertThat(backend.ledger().total()).isZero();
    }

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
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Case> cases() {
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
                new Case("rotate", shapes("3 2 6"), none, (ops, x, _) -> ops.rotate(x.get(0), rotation(ops, 3))),
                new Case("swiGlu", shapes("3 5", "3 5"), none, (ops, x, _) -> ops.swiGlu(x.get(0), x.get(1))),
                new Case("add", shapes("3 5", "3 5"), none, (ops, x, _) -> ops.add(x.get(0), x.get(1))),
                new Case(
                        "gatherRows", shapes("5 3"), none, (ops, x, _) -> ops.gatherRows(x.get(0), ints(ops, 4, 0, 3))),
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
                attention("annealed", new AttentionMask.Annealed(0.5, 3, full).lower(2, 4)));
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
                                3,
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

    private static List<double[]> normal(List<Shape> shapes, Random random) {
        return shapes.stream()
                .map(shape -> random.doubles(shape.count(), -1.5, 1.5).toArray())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsAreCentralDifferences(Case each) {
        Random random = new Random(42);
        List<double[]> x = normal(each.tensors(), random);
        List<double[]> w = normal(each.weights(), random);
        List<double[]> gradients = gradients(each, x, w);
        List<double[]> all = Stream.concat(x.stream(), w.stream()).toList();
        for (int which = 0; which < all.size(); which++) {
            double[] values = all.get(which);
            for (int i = 0; i < values.length; i++) {
                double kept = values[i];
                values[i] = kept + STEP;
                double above = value(each, x, w);
                values[i] = kept - STEP;
                double below = value(each, x, w);
                values[i] = kept;
                assertThat(gradients.get(which)[i])
                        .as("input %d, element %d", which, i)
                        .isCloseTo((above - below) / (2 * STEP), within(TOLERANCE));
            }
        }
    }

    /// The weights of the outputs in the sum that is differentiated; a loss counts once.
    private static double[] factors(Tensor output) {
        double[] factors = new Random(5).doubles(output.count(), -1, 1).toArray();
        return factors.length == 1 ? new double[] {1} : factors;
    }

    private double value(Case each, List<double[]> x, List<double[]> w) {
        try (Owner owner = backend.owner("weights")) {
            return backend.run("value", Precision.F64, ops -> {
                Tensor output = each.body().apply(ops, tensors(ops, each, x), weights(ops, owner, each, w));
                double[] numbers = ops.doubles(output);
                double[] factors = factors(output);
                double sum = 0;
                for (int i = 0; i < numbers.length; i++) {
                    sum += numbers[i] * factors[i];
                }
                return sum;
            });
        }
    }

    private List<double[]> gradients(Case each, List<double[]> x, List<double[]> w) {
        try (Owner owner = backend.owner("weights")) {
            return backend.run("gradients", Precision.F64, ops -> {
                List<Tensor> tensors = tensors(ops, each, x);
                List<Weight> weights = weights(ops, owner, each, w);
                Accumulators accumulators = Accumulators.of(ops, owner, weights);
                Tape tape = new Tape(ops, accumulators);
                tensors.forEach(tape::watch);
                Tensor output = each.body().apply(tape, tensors, weights);
                tape.backward(output, ops.upload(output.shape(), factors(output)));
                return Stream.concat(
                                tensors.stream()
                                        .map(tensor -> tape.gradient(tensor).orElseThrow()),
                                weights.stream()
                                        .map(weight -> accumulators.find(weight).orElseThrow()))
                        .map(ops::doubles)
                        .toList();
            });
        }
    }

    private static List<Tensor> tensors(BackwardOps ops, Case each, List<double[]> x) {
        return IntStream.range(0, x.size())
                .mapToObj(i -> ops.upload(each.tensors().get(i), x.get(i)))
                .toList();
    }

    private static List<Weight> weights(BackwardOps ops, Owner owner, Case each, List<double[]> w) {
        return IntStream.range(0, w.size())
                .mapToObj(i -> ops.weight(
                        owner,
                        new HostTensor("w" + i, DType.F64, each.weights().get(i), MemorySegment.ofArray(w.get(i))),
                        true))
                .toList();
    }

    @Test
    void frozenWeightsAndUnwatchedTensorsGetNoGradient() {
        try (Owner owner = backend.owner("weights")) {
            backend.run("frozen", Precision.F64, ops -> {
                Weight base = ops.weight(owner, HostTensor.of("base", Shape.of(2, 2), 1, 2, 3, 4), false);
                Weight trained = ops.weight(owner, HostTensor.of("trained", Shape.of(2, 2), 1, 0, 0, 1), true);
                Accumulators accumulators = Accumulators.of(ops, owner, List.of(trained));
                Tape tape = new Tape(ops, accumulators);
                Tensor x = ops.upload(Shape.of(1, 2), new double[] {1, 1});
                Tensor y = tape.linear(tape.linear(tape.linear(x, base), trained), base);
                tape.backward(y, ops.upload(Shape.of(1, 2), new double[] {1, 0}));
                assertThat(tape.gradient(x)).isEmpty();
                assertThat(tape.gradient(y)).isEmpty();
                assertThat(accumulators.find(base)).isEmpty();
                assertThat(ops.doubles(accumulators.find(trained).orElseThrow()))
                        .containsExactly(3, 7, 6, 14);
                return null;
            });
        }
    }
}
