package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.emulator.Emulator;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

class HeadTest {
    private static final int ROWS = 150;
    private static final int WIDTH = 8;
    private static final int VOCABULARY = 21;

    /// Three chunks of 64 rows at most, and one of all.
    private static final long SMALL = 1;

    private final Random random = new Random(5);

    @Test
    void chunksHaveWholeStepsOfRows() {
        assertThat(Head.chunkRows(21, SMALL)).isEqualTo(64);
        assertThat(Head.chunkRows(32_000, Head.CHUNK_BYTES)).isEqualTo(1024);
        assertThat(Head.chunkRows(151_936, Head.CHUNK_BYTES)).isEqualTo(384);
    }

    @Test
    void lossesGradientsAndChoicesDoNotDependOnTheSizeOfChunks() {
        Emulator.require();
        try (Backend backend = CudaBackend.open(BackendSettings.defaults());
                Owner owner = backend.owner("head")) {
            backend.run("head", Precision.F32, ops -> {
                Weight head = ops.weight(
                        owner, HostTensor.of("head", Shape.of(VOCABULARY, WIDTH), floats(VOCABULARY * WIDTH)), false);
                Tensor hidden = ops.upload(Shape.of(ROWS, WIDTH), numbers(ROWS * WIDTH));
                Scoring scoring = new Scoring(
                        ops.upload(
                                Shape.of(ROWS), random.ints(ROWS, 0, VOCABULARY).toArray()),
                        ops.upload(Shape.of(ROWS), numbers(ROWS)));
                List<double[]> whole = all(ops, hidden, head, scoring, Head.CHUNK_BYTES);
                List<double[]> cut = all(ops, hidden, head, scoring, SMALL);
                for (int i = 0; i < whole.size(); i++) {
                    assertThat(cut.get(i)).as("result %d", i).containsExactly(whole.get(i), within(1e-5));
                }
                return whole;
            });
        }
    }

    private List<double[]> all(BackwardOps ops, Tensor hidden, Weight head, Scoring scoring, long chunkBytes) {
        CudaJob job = ((CudaOps) ops).job;
        Head chunked = new Head(job, new Products(job, ((CudaOps) ops).pointwise), chunkBytes);
        Tensor dhidden = ops.empty(hidden.shape(), DType.F32);
        Tensor dhead = ops.empty(head.shape(), DType.F32);
        ops.clear(dhead);
        CrossEntropy loss = chunked.crossEntropy(
                hidden, head, scoring, new BackwardOps.CrossEntropyGradients(List.of(dhidden), List.of(dhead)));
        Tensor expected = ops.empty(hidden.shape(), DType.F32);
        chunked.expectation(hidden, head, head, 0.5f, expected);
        return List.of(
                ops.doubles(loss.loss()),
                ops.doubles(loss.rows()),
                ops.doubles(dhidden),
                ops.doubles(dhead),
                ops.doubles(expected),
                ops.doubles(new Choice(job, chunked)
                        .argmax(hidden, head, TokenRule.plain())
                        .logProbability()));
    }

    private double[] numbers(int count) {
        return random.doubles(count, -1, 1).toArray();
    }

    private float[] floats(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
