package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.backend.host.Float8;
import org.panamask.backend.host.HostNumbers;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// The device rounds to the codes of [Float8], bit for bit.
class EightBitsTest {
    private static CudaBackend backend;

    @BeforeAll
    static void start() {
        backend = CudaFixture.open();
    }

    @AfterAll
    static void stop() {
        if (backend != null) {
            backend.close();
        }
    }

    /// Numbers whose magnitudes spread over the whole range of either type.
    private static float[] numbers(int count, DType dtype) {
        Random random = new Random(7);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            double value = random.nextGaussian() * Math.scalb(1.0, random.nextInt(-24, 4));
            values[i] =
                    dtype == DType.F32 ? (float) value : Float.intBitsToFloat(HostNumbers.bf16((float) value) << 16);
        }
        return values;
    }

    private static Tensor matrix(CudaJob job, DType dtype, int rows, float... values) {
        Tensor wide = job.upload(Shape.of(rows, values.length / rows), values);
        Tensor x = job.make(wide.shape(), dtype);
        new Pointwise(job).copy(wide, x);
        return x;
    }

    private static byte[] bytes(CudaJob job, MemorySegment memory, int count) {
        Tensor words = job.make(Shape.of((count + 3) / 4), DType.I32);
        job.enqueue(new Command.Copy(memory.address(), words.memory().address(), count));
        ByteBuffer buffer = ByteBuffer.allocate((count + 3) / 4 * 4).order(ByteOrder.nativeOrder());
        buffer.asIntBuffer().put(job.ints(words));
        byte[] bytes = new byte[count];
        buffer.get(bytes);
        return bytes;
    }

    private static float scale(Float8 type, float[] values) {
        float most = 0;
        for (float value : values) {
            most = Math.max(most, Math.abs(value));
        }
        return type.scale(most);
    }

    @ParameterizedTest
    @CsvSource({"E4M3, F32, 19, 32", "E5M2, BF16, 16, 48", "E4M3, BF16, 1, 16", "E5M2, F32, 600, 32"})
    void rowsAreRoundedAndFilledUpWithZeros(Float8 type, DType dtype, int rows, int width) {
        float[] values = numbers(rows * width, dtype);
        CudaFixture.run(backend, job -> {
            try (Frame frame = job.frame()) {
                EightBits.Codes codes = new EightBits(job).round(frame, matrix(job, dtype, rows, values), type);
                assertThat(codes.rows()).isEqualTo((rows + 15) / 16 * 16);
                byte[] got = bytes(job, codes.codes(), (int) codes.rows() * width);
                byte[] expected = new byte[got.length];
                for (int i = 0; i < values.length; i++) {
                    expected[i] = type.code(values[i] * scale(type, values));
                }
                assertThat(got).isEqualTo(expected);
                int inverse = ByteBuffer.wrap(bytes(job, codes.inverse(), 4))
                        .order(ByteOrder.nativeOrder())
                        .getInt();
                assertThat(Float.intBitsToFloat(inverse)).isEqualTo(1 / scale(type, values));
            }
            return true;
        });
    }

    @ParameterizedTest
    @CsvSource({"16, 16", "48, 80", "128, 64"})
    void aMatrixIsRoundedBothWays(int rows, int width) {
        float[] values = numbers(rows * width, DType.BF16);
        CudaFixture.run(backend, job -> {
            Tensor codes = job.make(Shape.of(rows, width), DType.F8_E4M3);
            Tensor turned = job.make(Shape.of(width, rows), DType.F8_E4M3);
            Tensor inverse = job.make(Shape.of(1), DType.F32);
            new EightBits(job).roundBothWays(matrix(job, DType.BF16, rows, values), codes, turned, inverse);
            byte[] straight = bytes(job, codes.memory(), rows * width);
            byte[] other = bytes(job, turned.memory(), rows * width);
            float scale = scale(Float8.E4M3, values);
            for (int i = 0; i < values.length; i++) {
                assertThat(straight[i]).isEqualTo(Float8.E4M3.code(values[i] * scale));
                assertThat(other[i % width * rows + i / width]).isEqualTo(straight[i]);
            }
            assertThat(job.doubles(inverse)).containsExactly(1 / scale);
            return true;
        });
    }

    @Test
    void whatIsNotFiniteHasNoScale() {
        CudaFixture.run(backend, job -> {
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                float[] values = new float[256];
                values[77] = bad;
                Tensor codes = job.make(Shape.of(16, 16), DType.F8_E4M3);
                Tensor inverse = job.make(Shape.of(1), DType.F32);
                new EightBits(job).roundBothWays(matrix(job, DType.F32, 16, values), codes, codes, inverse);
                assertThat(job.doubles(inverse)).containsExactly(Double.NaN);
            }
            return true;
        });
    }
}
