package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.checkpoint.HubFolder;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.Objective;
import org.panamask.tensor.AttentionMask;

/// LLaDA and Dream. Their numbers are compared with the references' by the parity test.
final class LladaTest {
    private static final int[] IDS =
            IntStream.range(0, 24).map(n -> n * 7 % 150).toArray();
    private static final Canvas CANVAS = Canvas.of(2, 12, IDS);

    @ParameterizedTest
    @ValueSource(strings = {"llada-tiny", "illada-tiny", "dream-tiny"})
    void aSavedModelIsTheSameModel(String name, @TempDir Path folder) {
        double[] before;
        Architecture config;
        Set<String> names;
        try (Tiny tiny = Tiny.open(Tiny.samplerFolder(name))) {
            before = tiny.logits(CANVAS);
            config = tiny.model().config();
            names = tiny.model().parameters().names();
            tiny.job(ops -> {
                tiny.model().save(ops, folder);
                return config;
            });
        }
        try (Tiny tiny = Tiny.open(folder)) {
            assertThat(tiny.logits(CANVAS)).isEqualTo(before);
            assertThat(tiny.model().config()).isEqualTo(config);
            assertThat(tiny.model().parameters().names()).isEqualTo(names);
        }
    }

    @Test
    void weightsHaveTheNamesOfTheFile() {
        try (Tiny tiny = Tiny.open(Tiny.samplerFolder("illada-tiny"))) {
            assertThat(tiny.model().parameters().names())
                    .startsWith(
                            "model.transformer.wte.weight",
                            "model.transformer.blocks.0.attn_norm.weight",
                            "model.transformer.blocks.0.q_proj.weight",
                            "model.transformer.blocks.0.k_proj.weight",
                            "model.transformer.blocks.0.v_proj.weight",
                            "model.transformer.blocks.0.attn_out.weight",
                            "model.transformer.blocks.0.ff_norm.weight",
                            "model.transformer.blocks.0.ff_proj.weight",
                            "model.transformer.blocks.0.up_proj.weight",
                            "model.transformer.blocks.0.ff_out.weight")
                    .endsWith("model.transformer.ln_f.weight");
            assertThat(tiny.model().head()).isSameAs(tiny.model().parameters().weight("model.transformer.wte.weight"));
        }
    }

    @ParameterizedTest
    @CsvSource({"llada-tiny, OWN", "illada-tiny, OWN", "dream-tiny, SHIFTED"})
    void theFamilySaysWhichHiddenStatePredictsAColumn(String name, Alignment alignment) {
        ModelFacts facts =
                Models.config(HubFolder.config(Tiny.samplerFolder(name))).facts();

        assertThat(facts.alignment()).isEqualTo(alignment);
        assertThat(Objective.DdmSft.defaults().alignedAs(facts.alignment()))
                .isEqualTo(Objective.DdmSft.defaults().with("shift", alignment == Alignment.SHIFTED));
        assertThat(Objective.DdmSft.defaults().with("shift", true).alignedAs(facts.alignment()))
                .isEqualTo(Objective.DdmSft.defaults().with("shift", true));
    }

    @Test
    void aCanvasMayBeLongerThanTheTrainingTexts() {
        try (Tiny tiny = Tiny.open(Tiny.samplerFolder("llada-tiny"))) {
            double[] hidden = tiny.hidden(Canvas.of(1, 130, new int[130]).withRows(new int[] {129}));

            assertThat(hidden).hasSize(64).doesNotContain(Double.NaN);
            assertThat(tiny.model().maxPositions()).isEqualTo(32_768);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llada-tiny", "dream-tiny"})
    void paddingOnTheLeftChangesNothingButThePositions(String name) {
        try (Tiny tiny = Tiny.open(Tiny.samplerFolder(name))) {
            Canvas padded = CANVAS.withMask(
                    new AttentionMask.Spans(List.of(new AttentionMask.Span(0, 12), new AttentionMask.Span(7, 12))));
            int[] positions = IntStream.range(0, 24)
                    .map(n -> n < 12 ? n : Math.max(0, n - 19))
                    .toArray();
            double[] both = tiny.hidden(padded.withPositions(positions));
            double[] alone = tiny.hidden(Canvas.of(1, 5, Arrays.copyOfRange(IDS, 19, 24)));

            assertThat(Arrays.copyOfRange(both, 19 * 64, 24 * 64)).isEqualTo(alone);
        }
    }
}
