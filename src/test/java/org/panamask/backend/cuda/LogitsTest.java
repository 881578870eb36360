package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Softmax of rows whose largest number comes late, of rows with infinities, and of other lengths than blocks like.
class LogitsTest {
    private static final float NONE = Float.NEGATIVE_INFINITY;

    private static double[] softmax(float[] row) {
        try (CudaBackend backend = CudaFixture.open()) {
            return CudaFixture.run(backend, job -> {
                Tensor logits = job.upload(Shape.of(1, row.length), row);
                Tensor y = job.make(logits.shape(), DType.F32);
                job.launch(
                        job.kernel("softmax", "softmax"),
                        Head.blocks(1, row.length),
                        new Arguments().pointer(y).pointer(logits).i32(row.length));
                return job.doubles(y);
            });
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 1001, 5000})
    void everyNumberCountsWhereverTheLargestIs(int width) {
        Random random = new Random(width);
        float[] row = new float[width];
        for (int v = 0; v < width; v++) {
            row[v] = v % 7 == 3 ? NONE : (float) (v * 8.0 / width + random.nextGaussian());
        }
        double largest = -Double.MAX_VALUE;
        for (float each : row) {
            largest = Math.max(largest, each);
        }
        double[] expected = new double[width];
        for (int v = 0; v < width; v++) {
            expected[v] = Math.exp(row[v] - largest);
        }
        double sum = Arrays.stream(expected).sum();
        double[] actual = softmax(row);
        for (int v = 0; v < width; v++) {
            assertThat(actual[v]).isCloseTo(expected[v] / sum, within(1e-5 / sum));
        }
    }

    @Test
    void aNanIsNotLostAmongLargerNumbers() {
        float[] row = new float[700];
        for (int v = 0; v < row.length; v++) {
            row[v] = v;
        }
        row[2] = Float.NaN;

        assertThat(softmax(row)).containsOnly(Double.NaN);
    }

    @Test
    void aRowOfNothingHasNoProbabilities() {
        float[] row = new float[40];
        Arrays.fill(row, NONE);

        assertThat(softmax(row)).containsOnly(Double.NaN);
    }
}
