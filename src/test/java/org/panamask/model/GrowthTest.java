package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.diffusion.Canvas;

final class GrowthTest {
    private static double[] table(Tiny tiny, String name) {
        return tiny.job(
                ops -> ops.doubles(tiny.model().parameters().weight(name).value()));
    }

    @ParameterizedTest
    @CsvSource({
        "llama-tiny, model.embed_tokens.weight, 97, 64",
        "llama-tiny, lm_head.weight, 97, 64",
        "llama-tiny-bf16, model.embed_tokens.weight, 97, 64",
        "qwen2-tiny, model.embed_tokens.weight, 151, 56",
        "gpt2-tiny, transformer.wte.weight, 113, 48"
    })
    void newRowsAreTheMeanOfTheOldOnesWithNoise(String model, String name, int rows, int width) {
        int needed = rows + 41;
        double[] old;
        try (Tiny tiny = Tiny.open(model)) {
            old = table(tiny, name);
        }
        try (Tiny tiny = Tiny.grown(model, new Growth(needed, Optional.of(rows), 7));
                Tiny same = Tiny.grown(model, new Growth(needed, Optional.of(rows), 7));
                Tiny other = Tiny.grown(model, new Growth(needed, Optional.of(rows), 8))) {
            double[] grown = table(tiny, name);
            assertThat(grown).hasSize(needed * width).startsWith(old);
            assertThat(table(same, name)).isEqualTo(grown);
            assertThat(table(other, name)).isNotEqualTo(grown);
            double[] noise = new double[(needed - rows) * width];
            for (int n = 0; n < noise.length; n++) {
                int column = n % width;
                double mean = 0;
                for (int row = 0; row < rows; row++) {
                    mean += old[row * width + column] / rows;
                }
                noise[n] = grown[rows * width + n] - mean;
            }
            double spread =
                    Math.sqrt(Arrays.stream(noise).map(v -> v * v).average().orElseThrow());
            assertThat(spread * Math.sqrt(width)).isCloseTo(1, within(0.1));
            assertThat(tiny.model().vocabularySize()).isEqualTo(needed);
            assertThat(tiny.model().head().shape().extent(0)).isEqualTo(needed);
            assertThat(tiny.model().facts().special().mask()).contains(rows);
            assertThat(tiny.hidden(Canvas.of(1, 2, new int[] {rows, 0}))).doesNotContain(Double.NaN);
        }
    }
}
