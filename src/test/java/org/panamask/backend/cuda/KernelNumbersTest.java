package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.tensor.DType;
import org.panamask.tensor.Philox;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Roundings, random numbers and fast functions of kernels against plain code: on a GPU they are its own instructions.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KernelNumbersTest {
    private static final Family FAMILY = new Family("fragments", new TreeMap<>());
    private static final int DRAWS = 32;

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

    private static float[] numbers() {
        List<Float> numbers = new ArrayList<>(List.of(0f, 448f, 464f, 464.1f, 480f, 57344f, 61440f, 65504f, 65519.9f));
        Collections.addAll(
                numbers,
                65520f,
                Float.POSITIVE_INFINITY,
                Float.NaN,
                1e30f,
                Float.MAX_VALUE,
                Float.MIN_VALUE,
                0x1p-126f,
                0x1p-133f,
                0x1.8p-134f);
        Random random = new Random(11);
        for (int power = -30; power <= 18; power++) {
            for (int n = 0; n < 8; n++) {
                numbers.add(Math.scalb(1 + n / 8f, power));
                numbers.add(Math.scalb(1 + random.nextInt(64) / 64f, power));
                numbers.add(Math.scalb(1 + random.nextFloat(), power));
            }
        }
        numbers.addAll(numbers.stream().map(each -> -each).toList());
        float[] all = new float[numbers.size()];
        for (int n = 0; n < all.length; n++) {
            all[n] = numbers.get(n);
        }
        return all;
    }

    @Test
    void numbersAreRoundedToNearestEvenAndBytesSaturate() {
        float[] numbers = numbers();
        double[] rounded = CudaFixture.run(backend, job -> {
            Tensor y = job.make(Shape.of(4, numbers.length), DType.F32);
            each(job, "rounded", numbers, y);
            return job.doubles(y);
        });
        for (int n = 0; n < numbers.length; n++) {
            float x = numbers[n];
            double[] expected = {
                Half.BF16.rounded(x), Half.F16.rounded(x), EightBitCodes.E4M3.rounded(x), EightBitCodes.E5M2.rounded(x)
            };
            for (int type = 0; type < 4; type++) {
                assertThat(rounded[type * numbers.length + n])
                        .as("%s as bf16, f16, e4m3 or e5m2, type %d", x, type)
                        .isEqualTo(Double.valueOf(expected[type]));
            }
        }
    }

    private static void each(CudaJob job, String kernel, float[] x, Tensor y) {
        job.launch(
                job.kernel(FAMILY, kernel),
                Grid.covering(x.length, 128),
                new Arguments()
                        .pointer(job.upload(Shape.of(x.length), x))
                        .pointer(y)
                        .i32(x.length));
    }

    /// Of ten rounds the first three are the known answers of Random123; the rest is compared with Java's
    /// generator.
    @ParameterizedTest
    @ValueSource(ints = {7, 10})
    void theGeneratorGivesItsKnownAnswers(int rounds) {
        int[] counters = random(4 * DRAWS, 5);
        int[] keys = random(2 * DRAWS, 6);
        Arrays.fill(counters, 0, 4, 0);
        Arrays.fill(keys, 0, 2, 0);
        Arrays.fill(counters, 4, 8, -1);
        Arrays.fill(keys, 2, 4, -1);
        System.arraycopy(new int[] {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0, counters, 8, 4);
        System.arraycopy(new int[] {0xa4093822, 0x299f31d0}, 0, keys, 4, 2);

        int[] words = CudaFixture.run(backend, job -> {
            Tensor drawn = job.make(Shape.of(DRAWS, 4), DType.I32);
            job.launch(
                    job.kernel(FAMILY, "philox_words"),
                    Grid.covering(DRAWS, 128),
                    new Arguments()
                            .pointer(job.upload(Shape.of(counters.length), counters))
                            .pointer(job.upload(Shape.of(keys.length), keys))
                            .pointer(drawn)
                            .i32(DRAWS)
                            .i32(rounds));
            return job.ints(drawn);
        });

        if (rounds == 10) {
            assertThat(Arrays.copyOf(words, 12))
                    .containsExactly(
                            0x6627e8d5,
                            0xe169c58d,
                            0xbc57ac4c,
                            0x9b00dbd8,
                            0x408f276d,
                            0x41c83b0e,
                            0xa20bc7c6,
                            0x6d5451fd,
                            0xd16cfe09,
                            0x94fdcceb,
                            0x5001e420,
                            0x24126ea1);
        }
        int[] drawn = new int[4];
        for (int n = 0; n < DRAWS; n++) {
            Philox.rounds(rounds, drawn, both(keys, 2 * n), both(counters, 4 * n), both(counters, 4 * n + 2));
            assertThat(Arrays.copyOfRange(words, n * 4, n * 4 + 4)).containsExactly(drawn);
        }
    }

    private static int[] random(int count, long seed) {
        return new Random(seed).ints(count).toArray();
    }

    private static long both(int[] words, int at) {
        return Integer.toUnsignedLong(words[at]) | (long) words[at + 1] << 32;
    }

    @Test
    void fastFunctionsKeepToTheirBounds() {
        float[] numbers = new float[2000];
        for (int n = 0; n < numbers.length; n++) {
            numbers[n] = (n - 1000.5f) / 9;
        }
        double[] fast = CudaFixture.run(backend, job -> {
            Tensor y = job.make(Shape.of(3, numbers.length), DType.F32);
            each(job, "fast_functions", numbers, y);
            return job.doubles(y);
        });
        for (int n = 0; n < numbers.length; n++) {
            double size = Math.abs((double) numbers[n]);
            double[] exact = {Math.pow(2, numbers[n]), Math.log(size) / Math.log(2), 1 / Math.sqrt(size)};
            // The logarithm's error is absolute near 1.
            double[] scale = {exact[0], Math.max(1, Math.abs(exact[1])), exact[2]};
            for (int f = 0; f < 3; f++) {
                assertThat(fast[f * numbers.length + n])
                        .as("2^x, log2 or 1 / sqrt, function %d, of %s", f, numbers[n])
                        .isCloseTo(exact[f], within(5e-7 * scale[f]));
            }
        }
    }
}
