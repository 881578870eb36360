package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.panamask.ffi.cuda.CudaFacts;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// What kernels take for granted of the machine, against plain code: on a GPU this is what the emulator cannot show.
/// The operands are small whole numbers, whose products and sums every type and every order of summing has exactly.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FragmentTest {
    private static final Family FAMILY = new Family("fragments", new TreeMap<>());
    private static final int LANES = 32;

    private CudaBackend backend;

    @BeforeAll
    void start() {
        backend = CudaFixture.open();
    }

    @AfterAll
    void stop() {
        if (backend != null) {
            backend.close();
        }
    }

    /// A matrix of whole numbers.
    private record Whole(int rows, int columns, int[] at) {
        static Whole random(int rows, int columns, long seed) {
            return new Whole(
                    rows,
                    columns,
                    new Random(seed).ints((long) rows * columns, -8, 9).toArray());
        }

        int at(int row, int column) {
            return at[row * columns + column];
        }

        Whole transposed() {
            return new Whole(
                    columns,
                    rows,
                    IntStream.range(0, at.length)
                            .map(n -> at(n % rows, n / rows))
                            .toArray());
        }

        double[] times(Whole right) {
            double[] product = new double[rows * right.columns];
            for (int n = 0; n < product.length; n++) {
                for (int k = 0; k < columns; k++) {
                    product[n] += at(n / right.columns, k) * right.at(k, n % right.columns);
                }
            }
            return product;
        }
    }

    private static int[] packed(Half half, Whole matrix) {
        return packed(Arrays.stream(matrix.at).map(half::bits).toArray(), 2);
    }

    /// Codes side by side in words, the first in the lowest bits.
    private static int[] packed(int[] codes, int each) {
        int[] words = new int[codes.length / each];
        for (int n = 0; n < codes.length; n++) {
            words[n / each] |= codes[n] << (n % each * (32 / each));
        }
        return words;
    }

    private static void warp(CudaJob job, String kernel, Arguments arguments) {
        job.launch(job.kernel(FAMILY, kernel), Grid.of(1, LANES), arguments);
    }

    private static Tensor words(CudaJob job, int... words) {
        return job.upload(Shape.of(words.length), words);
    }

    private double[] product(String kernel, int[] a, int[] b) {
        return CudaFixture.run(backend, job -> {
            Tensor d = job.make(Shape.of(16, 8), DType.F32);
            Arguments operands = new Arguments().pointer(words(job, a)).pointer(words(job, b));
            warp(job, kernel, operands.pointer(d));
            return job.doubles(d);
        });
    }

    @ParameterizedTest
    @EnumSource(Half.class)
    void aProductOfHalvesTakesEachElementFromItsLane(Half half) {
        Whole a = Whole.random(16, 16, 1);
        Whole b = Whole.random(16, 8, 2);

        assertThat(product("product_" + half.label(), packed(half, a), packed(half, b)))
                .containsExactly(a.times(b));
    }

    @ParameterizedTest
    @EnumSource(Half.class)
    void loadedMatricesAreTheOperandsOfAProduct(Half half) {
        Whole a = Whole.random(16, 16, 4);
        Whole b = Whole.random(16, 8, 5);

        assertThat(product("loaded_product_" + half.label(), packed(half, a), packed(half, b.transposed())))
                .containsExactly(a.times(b));
    }

    @Test
    void aProductOfBytesTakesEachElementFromItsLane() {
        int capability = CudaFixture.run(backend, job -> {
            CudaFacts facts = job.device().facts();
            return 10 * facts.major() + facts.minor();
        });
        Assumptions.assumeTrue(capability >= 89, "the device multiplies no 8-bit floats: it is below sm_89");
        Whole a = Whole.random(16, 32, 7);
        Whole b = Whole.random(32, 8, 8);
        int[] left = packed(Arrays.stream(a.at).map(EightBitCodes.E4M3::code).toArray(), 4);
        int[] right = packed(Arrays.stream(b.at).map(EightBitCodes.E4M3::code).toArray(), 4);

        assertThat(product("product_e4m3", left, right)).containsExactly(a.times(b));
    }

    private int[] registers(String kernel) {
        int[] numbered = packed(IntStream.range(0, 256).toArray(), 2);
        return CudaFixture.run(backend, job -> {
            Tensor registers = job.make(Shape.of(LANES, 4), DType.I32);
            warp(job, kernel, new Arguments().pointer(words(job, numbered)).pointer(registers));
            return job.ints(registers);
        });
    }

    @Test
    void loadedMatricesGiveEachLaneAPairOfItsRow() {
        assertThat(registers("matrix_registers")).containsExactly(eachLane(lane -> register -> {
            int first = register * 64 + lane / 4 * 8 + lane % 4 * 2;
            return first | first + 1 << 16;
        }));
    }

    @Test
    void matricesLoadedTransposedGiveEachLaneAPairOfItsColumn() {
        assertThat(registers("transposed_registers")).containsExactly(eachLane(lane -> register -> {
            int first = register * 64 + lane % 4 * 2 * 8 + lane / 4;
            return first | first + 8 << 16;
        }));
    }

    private static int[] eachLane(IntFunction<IntFunction<Integer>> register) {
        return IntStream.range(0, LANES * 4)
                .map(n -> register.apply(n / 4).apply(n % 4))
                .toArray();
    }

    @Test
    void copiesLandWithTheirGroupAndLeaveZerosWhereNothingIsTaken() {
        int[] from = IntStream.range(1, 2 * LANES * 4 + 1).toArray();
        int[] to = CudaFixture.run(backend, job -> {
            Tensor landed = job.make(Shape.of(from.length), DType.I32);
            warp(job, "copied_words", new Arguments().pointer(words(job, from)).pointer(landed));
            return job.ints(landed);
        });
        int[] expected = new int[from.length];
        for (int n = 0; n < expected.length; n++) {
            int group = n / 128;
            int lane = n % 128 / 4 ^ 1;
            expected[n] = lane % 3 == group ? 0 : from[n ^ 4];
        }
        assertThat(to).containsExactly(expected);
    }
}
