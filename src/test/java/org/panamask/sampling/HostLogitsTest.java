package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.diffusion.Canvas;
import org.panamask.model.Tiny;
import org.panamask.tensor.Tensor;

class HostLogitsTest {
    @ParameterizedTest
    @CsvSource({"reference, 70", "cuda, 70", "cpu, 70", "cpu, 65", "cpu, 64", "cpu, 20", "cpu, 1"})
    void rowsReadAFewAtATimeAreTheBitsOfAllAtOnce(String backend, int rows) {
        int[] ids = new int[rows];
        Arrays.setAll(ids, i -> 11 * i % 140);
        try (Tiny tiny = Tiny.open(Tiny.samplerFolder("llada-tiny"), backend)) {
            int vocabulary = tiny.model().vocabularySize();
            double[] few = new double[rows * vocabulary];
            double[] all = tiny.run(ops -> {
                Tensor hidden = tiny.model().hidden(ops, Canvas.of(1, rows, ids));
                HostLogits logits = new HostLogits(ops, hidden, tiny.model());
                for (int row = 0; row < rows; row++) {
                    logits.next();
                    System.arraycopy(logits.row(), 0, few, row * vocabulary, vocabulary);
                }
                return ops.doubles(ops.logits(hidden, tiny.model().head()));
            });

            assertThat(few).containsExactly(all);
        }
    }
}
