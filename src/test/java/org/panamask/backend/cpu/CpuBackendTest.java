package org.panamask.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.autograd.Accumulators;
import org.panamask.autograd.Tape;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.backend.reference.ReferenceProvider;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.DType;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Into;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// What the contract of all backends does not hold: packed weights, fused post-ops, repeatability, refusals.
class CpuBackendTest {
    private static final BackendSettings SETTINGS = BackendSettings.defaults();

    private final CpuBackend backend = CpuBackend.open(SETTINGS);

    @AfterEach
    void stop() {
        backend.close();
        assertThat(backend.ledger().owners()).isEmpty();
        assertThat(backend.ledger().total()).isZero();
        assertThat(backend.objects().byKind()).isEmpty();
    }

    private static float[] floats(long seed, long count) {
        float[] values = new float[Math.toIntExact(count)];
        Random random = new Random(seed);
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat(-1, 1);
        }
        return values;
    }

    private static Tensor tensor(BackwardOps ops, long seed, long... extents) {
        float[] values = floats(seed, Shape.of(extents).count());
        double[] numbers = new double[values.length];
        Arrays.setAll(numbers, i -> values[i]);
        return ops.upload(Shape.of(extents), numbers);
    }

    private static Weight weight(BackwardOps ops, Owner owner, boolean trainable, long seed, long... extents) {
        Shape shape = Shape.of(extents);
        return ops.weight(owner, HostTensor.of("w" + seed, shape, floats(seed, shape.count())), trainable);
    }

    private <T> T inF32(Function<BackwardOps, T> work) {
        return backend.run("test", Precision.F32, work);
    }

    /// A frozen weight is packed, a trainable one multiplied as it lies; a fused scale, sum or bias is another
    /// primitive than the plain product.
    @ParameterizedTest
    @CsvSource({"40, 64, 48", "17, 33, 19", "300, 128, 256", "1, 8, 8"})
    void packedWeightsAndFusedPostOpsGiveThePlainResult(int rows, int in, int out) {
        try (Owner owner = backend.owner("weights")) {
            inF32(ops -> {
                Tensor x = tensor(ops, 1, rows, in);
                Tensor h = tensor(ops, 2, rows, 5);
                Weight packed = weight(ops, owner, false, 3, out, in);
                Weight plain = weight(ops, owner, true, 3, out, in);
                Weight branch = weight(ops, owner, true, 4, out, 5);
                Weight bias = weight(ops, owner, true, 5, out);
                double[] y = ops.doubles(ops.linear(x, plain));
                near(ops.doubles(ops.linear(x, packed)), y);
                near(ops.doubles(ops.linear(x, packed, bias)), sum(y, 1, repeated(ops.doubles(bias.value()), rows)));
                double[] low = ops.doubles(ops.linear(h, branch));
                near(ops.doubles(ops.addLinear(ops.linear(x, packed), h, branch, 0.5f)), sum(y, 0.5, low));
                Tensor dy = tensor(ops, 6, rows, out);
                Tensor unfused = ops.empty(Shape.of(rows, in), DType.F32);
                ops.linearBackward(dy, plain, 1, new Into(unfused, false));
                Tensor fused = tensor(ops, 1, rows, in);
                ops.linearBackward(dy, packed, 0.25f, new Into(fused, true));
                near(ops.doubles(fused), sum(ops.doubles(x), 0.25, ops.doubles(unfused)));
                return true;
            });
        }
    }

    private static double[] repeated(double[] row, int rows) {
        double[] all = new double[row.length * rows];
        Arrays.setAll(all, i -> row[i % row.length]);
        return all;
    }

    private static double[] sum(double[] x, double factor, double[] y) {
        double[] sum = new double[x.length];
        Arrays.setAll(sum, i -> x[i] + factor * y[i]);
        return sum;
    }

    /// Sums of numbers below 1 in another order: a few roundings of f32.
    private static void near(double[] actual, double[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        double difference = IntStream.range(0, actual.length)
                .mapToDouble(i -> Math.abs(actual[i] - expected[i]))
                .max()
                .orElse(0);
        assertThat(difference).isLessThanOrEqualTo(2e-6 * largest);
    }

    /// A block of a transformer with everything in it, its loss and its gradients.
    private static List<double[]> step(Backend on) {
        try (Owner owner = on.owner("weights")) {
            return on.run("step", Precision.F32, ops -> {
                Weight table = weight(ops, owner, true, 1, 90, 64);
                Weight gain = weight(ops, owner, true, 2, 64);
                Weight square = weight(ops, owner, false, 3, 64, 64);
                Weight branch = weight(ops, owner, true, 4, 64, 64);
                Accumulators sums = Accumulators.of(ops, owner, List.of(table, gain, branch));
                Tape tape = new Tape(ops, sums);
                CrossEntropy loss = forward(tape, table, gain, List.of(square, branch));
                List<double[]> results = new ArrayList<>();
                results.add(ops.doubles(loss.rows()));
                tape.backward(loss);
                sums.tensors().forEach(each -> results.add(ops.doubles(each)));
                results.add(ops.doubles(ops.sumOfSquares(sums.tensors())));
                return results;
            });
        }
    }

    private static CrossEntropy forward(Ops ops, Weight table, Weight gain, List<Weight> squares) {
        int rows = 600;
        Random random = new Random(9);
        KeyIntervals mask = new AttentionMask.Annealed(0.5, 3, new AttentionMask.Full()).lower(2, rows / 2);
        Tensor ids = ops.upload(Shape.of(rows), random.ints(rows, 0, 90).toArray());
        Tensor positions = ops.upload(Shape.of(rows), random.ints(rows, 0, 20).toArray());
        Tensor angles = ops.upload(Shape.of(20, 8), random.doubles(160, -1, 1).toArray());
        Tensor names =
                ops.upload(Shape.of(rows, 2), random.ints(2L * rows, 0, 90).toArray());
        Tensor ones = ops.upload(Shape.of(rows), random.doubles(rows).toArray());
        Tensor embedded = ops.embedding(ids, table);
        Tensor y = ops.chain("layers", embedded, 2, (_, x) -> {
            Tensor normed = ops.rmsNorm(x, gain, 1e-5);
            Tensor dropped = ops.dropout(normed, new DropoutKey(0.2, 5, 1, names));
            Tensor z = ops.addLinear(ops.linear(normed, squares.get(0)), dropped, squares.get(1), 0.5f);
            Tensor q = ops.rotate(z.reshape(rows, 4, 16), new Ops.Rotation(angles, angles, positions));
            Tensor mixed = ops.attention(q, q, z.reshape(rows, 4, 16), mask).reshape(rows, 64);
            return ops.add(x, ops.swiGlu(mixed, z));
        });
        return ops.crossEntropy(y, table, ids, ones);
    }

    @Test
    void theSameJobGivesTheSameBits() {
        List<double[]> first = step(backend);
        assertThat(step(backend)).usingRecursiveComparison().isEqualTo(first);
        try (CpuBackend another = CpuBackend.open(SETTINGS)) {
            assertThat(step(another)).usingRecursiveComparison().isEqualTo(first);
        }
    }

    /// Promised is only that a number of threads gives its own bits again; oneDNN may cut sums by their number.
    @Test
    void resultsOfOneAndOfTwoThreadsAreNear() {
        try (CpuBackend one = CpuBackend.open(SETTINGS.with("threads", 1));
                CpuBackend two = CpuBackend.open(SETTINGS.with("threads", 2))) {
            assertThat(one.report()).containsEntry("threads", "1");
            assertThat(two.report()).containsEntry("threads", "2");
            List<double[]> expected = step(one);
            List<double[]> actual = step(two);
            for (int i = 0; i < expected.size(); i++) {
                near(actual.get(i), expected.get(i));
            }
            assertThat(step(two)).usingRecursiveComparison().isEqualTo(actual);
        }
    }

    @Test
    void bf16IsRefusedByNameWhereTheInstructionSetLacksIt() {
        String set = backend.report().get("instruction set");
        Assumptions.assumeTrue(backend.report().get("bf16").equals("no"), "bf16 runs on " + set);
        String message = "backend cpu: bf16 needs the instruction set avx512_core_bf16 or better, but got " + set
                + "; set backend.dtype to f32";
        assertThatThrownBy(() -> backend.require(Precision.BF16))
                .isInstanceOf(BackendException.class)
                .hasMessage(message);
        assertThatThrownBy(() -> backend.run("test", Precision.BF16, BackwardOps::dtype))
                .isInstanceOf(BackendException.class)
                .hasMessage(message);
        assertThatThrownBy(() -> CpuBackend.open(SETTINGS.with("dtype", Precision.BF16)))
                .isInstanceOf(BackendException.class)
                .hasMessage(message);
    }

    @Test
    void f16IsRefused() {
        String message = "backend cpu: it computes in f32, bf16 and fp8 only, but got f16;"
                + " set backend.dtype to bf16 or f32, or backend.name to reference";
        assertThatThrownBy(() -> backend.run("test", Precision.F16, BackwardOps::dtype))
                .isInstanceOf(BackendException.class)
                .hasMessage(message);
        assertThatThrownBy(() -> CpuBackend.open(SETTINGS.with("dtype", Precision.F16)))
                .isInstanceOf(BackendException.class)
                .hasMessage(message);
    }

    @Test
    void f64IsRefused() {
        String message = "backend cpu: it computes in f32, bf16 and fp8 only, but got f64;"
                + " set backend.dtype to bf16 or f32, or backend.name to reference";
        assertThatThrownBy(() -> backend.run("test", Precision.F64, BackwardOps::dtype))
                .isInstanceOf(BackendException.class)
                .hasMessage(message);
        assertThatThrownBy(() -> CpuBackend.open(SETTINGS.with("dtype", Precision.F64)))
                .isInstanceOf(BackendException.class)
                .hasMessage(message);
    }

    @Test
    void aClosedBackendIsRefused() {
        CpuBackend closed = CpuBackend.open(SETTINGS);
        closed.close();
        closed.close();
        assertThatThrownBy(() -> closed.run("test", Precision.F32, BackwardOps::dtype))
                .isInstanceOf(BackendException.class)
                .hasMessage("backend cpu is closed");
        assertThatThrownBy(() -> closed.owner("late"))
                .isInstanceOf(BackendException.class)
                .hasMessage("backend cpu is closed");
        assertThat(closed.objects().byKind()).isEmpty();
    }

    @Test
    void weightsAndOwnersOfAnotherBackendAreRefused() {
        try (CpuBackend same = CpuBackend.open(SETTINGS);
                Backend reference = new ReferenceProvider().open(SETTINGS.with("name", "reference"))) {
            for (Backend other : List.of(same, reference)) {
                Owner owner = other.owner("elsewhere");
                Weight foreign = other.run("test", Precision.F32, ops -> weight(ops, owner, false, 1, 2, 2));
                inF32(ops -> {
                    Tensor x = tensor(ops, 1, 3, 2);
                    assertThatThrownBy(() -> ops.linear(x, foreign))
                            .isInstanceOf(BackendException.class)
                            .hasMessage("backend cpu: weight w1 was made by another backend;"
                                    + " make it with the operations of this one");
                    assertThatIllegalArgumentException()
                            .isThrownBy(() -> ops.zeros(owner, Shape.of(1), DType.F32))
                            .withMessage("backend cpu: owners come from Backend.owner,"
                                    + " but got elsewhere of another backend");
                    return true;
                });
            }
        }
    }

    @Test
    void weightsOfAClosedOwnerAreRefused() {
        Owner owner = backend.owner("weights");
        List<Weight> weights = inF32(ops -> {
            Weight used = weight(ops, owner, false, 1, 2, 2);
            ops.linear(tensor(ops, 1, 3, 2), used);
            return List.of(used, weight(ops, owner, false, 2, 2, 2), weight(ops, owner, true, 3, 2, 2));
        });
        owner.close();
        owner.close();
        assertThat(owner.bytes()).isZero();
        inF32(ops -> {
            Tensor x = tensor(ops, 1, 3, 2);
            for (Weight weight : weights) {
                assertThatThrownBy(() -> ops.linear(x, weight))
                        .isInstanceOf(BackendException.class)
                        .hasMessage("backend cpu: weight " + weight.name() + " ended with its owner 'weights';"
                                + " close the owner when no job needs the weight any more");
            }
            assertThatIllegalStateException()
                    .isThrownBy(() -> ops.zeros(owner, Shape.of(1), DType.F32))
                    .withMessage("weights is closed");
            return true;
        });
    }

    @Test
    void tensorsOfAnEndedJobAreRefused() {
        Tensor late = inF32(ops -> tensor(ops, 1, 2, 2));
        inF32(ops -> {
            assertThatIllegalStateException()
                    .isThrownBy(() -> ops.add(late, late))
                    .withMessage("tensor [2, 2] F32: its scope 'test' is closed;"
                            + " copy what must outlive it to an owner");
            return true;
        });
    }
}
