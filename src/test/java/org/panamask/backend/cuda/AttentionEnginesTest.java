package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.backend.AttentionKernels;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.backend.cuda.attention.MaskFacts;
import org.panamask.backend.host.HostNumbers;
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

/// Every way to compute attention agrees with the kernels without tensor cores, which agree with the reference.
class AttentionEnginesTest {
    private static final AttentionMask FULL = new AttentionMask.Full();

    @BeforeAll
    static void emulator() {
        Emulator.require();
    }

    /// @param kernels the way
    /// @param deterministic whether sums have one order
    /// @param precision the type of activations
    /// @param dropout whether probabilities are dropped
    /// @param mask the mask
    record Problem(
            AttentionKernels kernels, boolean deterministic, Precision precision, boolean dropout, KeyIntervals mask) {
        BackendSettings settings() {
            return BackendSettings.defaults()
                    .with("name", "cuda")
                    .with("dtype", precision)
                    .with("attention", kernels)
                    .with("deterministic", deterministic);
        }
    }

    static Stream<Problem> problems() {
        KeyIntervals causal = new AttentionMask.Causal().lower(2, 20);
        KeyIntervals annealed = new AttentionMask.Annealed(0.4, 9, FULL).lower(2, 20);
        KeyIntervals lengths = new AttentionMask.Lengths(List.of(11, 20)).lower(2, 20);
        KeyIntervals hidden = new AttentionMask.Lengths(List.of(0, 13)).lower(2, 20, new int[] {3, 25, 30});
        BitSet bits = new BitSet();
        bits.set(0, 70);
        KeyIntervals given = new AttentionMask.Given(1, 10, bits).lower(2, 10);
        return Stream.of(
                new Problem(AttentionKernels.PMK, false, Precision.BF16, false, annealed),
                new Problem(AttentionKernels.PMK, false, Precision.F16, true, hidden),
                new Problem(AttentionKernels.MATH, true, Precision.F32, true, hidden),
                new Problem(AttentionKernels.MATH, true, Precision.BF16, false, annealed),
                new Problem(AttentionKernels.MATH, true, Precision.F16, true, given),
                new Problem(AttentionKernels.FLASHATTN, false, Precision.BF16, false, causal),
                new Problem(AttentionKernels.FLASHATTN, false, Precision.F16, false, lengths));
    }

    @ParameterizedTest
    @MethodSource("problems")
    void resultsAndGradientsAgree(Problem problem) {
        if (problem.kernels() == AttentionKernels.FLASHATTN) {
            named("flashattn");
        }
        try (CudaBackend backend = CudaBackend.open(problem.settings())) {
            backend.run("attention", problem.precision(), ops -> {
                compare(ops, problem);
                return true;
            });
            String name = problem.kernels().name().toLowerCase(Locale.ROOT);
            assertThat(backend.report().get("attention")).startsWith(name).contains(name + " for heads of 16");
        }
    }

    private static void compare(BackwardOps ops, Problem problem) {
        CudaJob job = ((CudaOps) ops).job;
        Random random = new Random(3);
        KeyIntervals mask = problem.mask();
        long keys = (long) mask.batch() * mask.keys();
        Tensor q = normal(job, random, mask.count(), 4, 16);
        Tensor k = normal(job, random, keys, 2, 16);
        Tensor v = normal(job, random, keys, 2, 16);
        Tensor dy = normal(job, random, mask.count(), 4, 16);
        Optional<DropoutKey> dropout = problem.dropout()
                ? Optional.of(
                        new DropoutKey(0.25, 77, 5, ops.upload(Shape.of(mask.count(), 2), new int[2 * mask.count()])))
                : Optional.empty();
        AttentionInputs inputs = new AttentionInputs(q, k, v, mask, dropout);
        List<double[]> actual = results(ops, inputs, dy);
        AttentionEngine plain = PmkAttention.plain(job, new AttentionTables(job));
        Tensor y = ops.empty(q.shape(), q.dtype());
        Tensor kept = ops.empty(Shape.of(plain.keptBytes(inputs)), DType.U8);
        AttentionEngine.Result result = new AttentionEngine.Result(y, kept.memory());
        plain.forward(inputs, result);
        List<Tensor> gradients = gradients(ops, inputs);
        plain.backward(inputs, result, dy, into(gradients));
        List<double[]> expected = Stream.concat(Stream.of(y), gradients.stream())
                .map(ops::doubles)
                .toList();
        double tolerance =
                problem.precision() == Precision.F32 ? 2e-5 : problem.precision() == Precision.F16 ? 4e-3 : 4e-2;
        for (int i = 0; i < expected.size(); i++) {
            double largest = Arrays.stream(expected.get(i)).map(Math::abs).reduce(0.1, Math::max);
            for (int e = 0; e < expected.get(i).length; e++) {
                assertThat(Math.abs(actual.get(i)[e] - expected.get(i)[e]))
                        .as("result %d, element %d", i, e)
                        .isLessThanOrEqualTo(tolerance * largest);
            }
        }
    }

    private static List<double[]> results(BackwardOps ops, AttentionInputs inputs, Tensor dy) {
        Tensor y = ops.attention(inputs.q(), inputs.k(), inputs.v(), inputs.mask(), inputs.dropout());
        List<Tensor> gradients = gradients(ops, inputs);
        AttentionEngine.Gradients into = into(gradients);
        ops.attentionBackward(dy, inputs, into.dq(), into.dk(), into.dv());
        return Stream.concat(Stream.of(y), gradients.stream()).map(ops::doubles).toList();
    }

    private static List<Tensor> gradients(BackwardOps ops, AttentionInputs inputs) {
        return Stream.of(inputs.q(), inputs.k(), inputs.v())
                .map(each -> {
                    Tensor gradient = ops.empty(each.shape(), each.dtype());
                    ops.clear(gradient);
                    return gradient;
                })
                .toList();
    }

    /// The gradient of values is added, the others replace.
    private static AttentionEngine.Gradients into(List<Tensor> gradients) {
        return new AttentionEngine.Gradients(
                new Into(gradients.get(0), false), new Into(gradients.get(1), false), new Into(gradients.get(2), true));
    }

    private static Tensor normal(CudaJob job, Random random, long... extents) {
        Tensor tensor = job.make(Shape.of(extents), job.dtype());
        MemorySegment host = MemorySegment.ofArray(new long[Math.toIntExact(tensor.bytes() / 8 + 1)])
                .asSlice(0, tensor.bytes());
        for (long i = 0; i < tensor.count(); i++) {
            HostNumbers.put(host, job.dtype(), i, random.nextGaussian());
        }
        job.device().queue().upload(host, tensor.memory().address());
        return tensor;
    }

    @Test
    void equalRunsGiveEqualBits() {
        Problem problem = new Problem(
                AttentionKernels.AUTO, true, Precision.BF16, false, new AttentionMask.Causal().lower(2, 70));
        try (CudaBackend backend = CudaBackend.open(problem.settings())) {
            List<double[]> once = once(backend, problem);
            List<double[]> again = once(backend, problem);
            for (int i = 0; i < once.size(); i++) {
                assertThat(again.get(i)).isEqualTo(once.get(i));
            }
        }
    }

    private static List<double[]> once(CudaBackend backend, Problem problem) {
        return backend.run("attention", problem.precision(), ops -> {
            CudaJob job = ((CudaOps) ops).job;
            Random random = new Random(5);
            Tensor x = normal(job, random, problem.mask().count(), 2, 16);
            return results(ops, new AttentionInputs(x, x, x, problem.mask()), x);
        });
    }

    @Test
    void whatCannotRunIsRefusedWithEveryReason() {
        BackendSettings settings =
                BackendSettings.defaults().with("name", "cuda").with("attention", AttentionKernels.FLASHATTN);
        try (CudaBackend backend = CudaBackend.open(settings)) {
            assertThatThrownBy(() -> backend.run("attention", Precision.F32, ops -> {
                        Tensor x = ops.upload(Shape.of(3, 1, 6), new double[18]);
                        return ops.attention(x, x, x, FULL.lower(1, 3));
                    }))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("activations must be BF16 or F16, but are F32")
                    .hasMessageContaining("the width of heads must be a multiple of 8, but is 6")
                    .hasMessageContaining("so backend.deterministic must be false");
        }
    }

    @Test
    void aLibraryThatIsAnotherOneFailsInAProcessOfItsOwn() {
        String property = "panamask.lib.flashattn";
        Optional<String> before = Optional.ofNullable(System.getProperty(property));
        System.setProperty(property, named("nvrtc"));
        try {
            assertThatThrownBy(() -> FlashProbe.require(DType.BF16, 16, MaskFacts.Kind.CAUSAL))
                    .isInstanceOf(BackendException.class)
                    .hasMessageStartingWith("backend cuda: the FlashAttention library failed in a process of its own,"
                            + " heads of 16 BF16, mask CAUSAL, status 1: ")
                    .hasMessageEndingWith("; name another library or set backend.attention to pmk");
        } finally {
            before.ifPresentOrElse(value -> System.setProperty(property, value), () -> System.clearProperty(property));
        }
    }

    /// The file that a library is named by; without one the test is skipped.
    private static String named(String library) {
        Optional<String> file = Optional.ofNullable(System.getProperty("panamask.lib." + library))
                .or(() -> Optional.ofNullable(System.getenv("PANAMASK_LIB_" + library.toUpperCase(Locale.ROOT))));
        assumeTrue(file.isPresent(), "no file is named for " + library);
        return file.orElseThrow();
    }

    /// Of 8,192 keys and every 32nd query row, scores would take 8 MiB in f32 and 4 in halves.
    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"F32", "BF16"})
    void nothingGrowsWithTheProductOfRowsAndKeys(Precision precision) {
        int tokens = 8192;
        int[] rows = IntStream.range(0, tokens / 32).map(row -> row * 32 + 31).toArray();
        KeyIntervals mask = new AttentionMask.Annealed(0.5, 7, FULL).lower(1, tokens, rows);
        BackendSettings settings =
                BackendSettings.defaults().with("name", "cuda").with("dtype", precision);
        try (CudaBackend backend = CudaBackend.open(settings)) {
            backend.run("attention", precision, ops -> {
                CudaJob job = ((CudaOps) ops).job;
                Random random = new Random(5);
                Tensor q = normal(job, random, mask.count(), 1, 4);
                Tensor k = normal(job, random, tokens, 1, 4);
                results(ops, new AttentionInputs(q, k, k, mask), q);
                return true;
            });
            assertThat(backend.ledger().owners().get("arena")).isLessThan(3 << 20);
        }
    }
}
