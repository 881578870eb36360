package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.panamask.tensor.Into;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Rows that are named often: what is added and what is stored does not depend on the order of blocks.
class RowsTest {
    private static final int COUNT = 300;
    private static final int PLACES = 3;

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

    private static float[] numbers(int count) {
        Random random = new Random(7);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static int[] places() {
        return new Random(8).ints(COUNT, 0, PLACES).toArray();
    }

    @Test
    void rowsOfOneNumberAreAddedInTheirOrder() {
        int width = 9;
        float[] values = numbers(COUNT * width);
        int[] places = places();
        double[] expected = new double[PLACES * width];
        for (int r = 0; r < COUNT; r++) {
            for (int c = 0; c < width; c++) {
                int at = places[r] * width + c;
                expected[at] = (float) expected[at] + values[r * width + c];
            }
        }
        CudaFixture.run(backend, job -> {
            Tensor dx = job.make(Shape.of(PLACES, width), job.dtype());
            Tensor dy = job.upload(Shape.of(COUNT, width), values);
            Rows rows = new Rows(job, new Pointwise(job));
            rows.gatherRowsBackward(dy, job.upload(Shape.of(COUNT), places), new Into(dx, false));
            assertThat(job.doubles(dx)).isEqualTo(expected);
            return true;
        });
    }

    /// More columns than one block takes.
    @Test
    void theLastOfEqualNumbersIsStored() {
        int width = 2100;
        float[] values = numbers(20 * width);
        int[] places = Arrays.copyOf(places(), 20);
        double[] expected = new double[PLACES * width];
        for (int r = 0; r < places.length; r++) {
            for (int c = 0; c < width; c++) {
                expected[places[r] * width + c] = values[r * width + c];
            }
        }
        CudaFixture.run(backend, job -> {
            Tensor into = job.make(Shape.of(PLACES, width), job.dtype());
            Tensor x = job.upload(Shape.of(places.length, width), values);
            new Rows(job, new Pointwise(job)).storeRows(x, job.upload(Shape.of(places.length), places), into);
            assertThat(job.doubles(into)).isEqualTo(expected);
            return true;
        });
    }
}
