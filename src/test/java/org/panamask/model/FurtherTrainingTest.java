package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.config.SettingException;
import org.panamask.diffusion.Canvas;
import org.panamask.nn.LoraSettings;

/// What settings may say of an adapter that training goes on with.
final class FurtherTrainingTest {
    private static final Path FOLDER = Path.of("runs/first");
    private static final LoraSettings FIRST = LoraSettings.defaults()
            .with("rank", 4)
            .with("alpha", 12.0)
            .with("dropout", 0.1)
            .with("targets", List.of("v_proj", "q_proj"))
            .with("modules_to_save", List.of("embed_tokens"))
            .with("alpha_pattern", Map.of("v_proj", 2.0));
    private static final String Q = "model.layers.0.self_attn.q_proj";
    private static final String V = "model.layers.0.self_attn.v_proj";

    private static Adapter first(Tiny tiny) {
        return tiny.job(ops -> {
            Adapter adapter = Adapter.create(tiny.model(), FIRST, 1, ops, tiny.owner());
            adapter.parameters().all().forEach(weight -> AdapterTest.fill(ops, weight));
            return adapter;
        });
    }

    private static void refused(LoraSettings asked, String what, String key) {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            Adapter adapter = first(tiny);
            assertThatExceptionOfType(SettingException.class)
                    .isThrownBy(() -> adapter.goOn(asked, FOLDER))
                    .withMessage(what.replace(
                                    ", not ", " as in the adapter runs/first that training goes on with, not ")
                            + "; leave " + key + " out, or set lora.create_new_adapter: true to merge that adapter and"
                            + " train a new one");
        }
    }

    @Test
    void eachKeyThatAsksForAnotherAdapterIsRefusedByItsNameAndBothValues() {
        LoraSettings nothing = LoraSettings.defaults();
        refused(nothing.with("rank", 3), "lora.rank of " + Q + " must be 4, not 3", "lora.rank");
        refused(nothing.with("alpha", 8.0), "lora.alpha of " + Q + " must be 12.0, not 8.0", "lora.alpha");
        refused(
                nothing.with("targets", List.of("q_proj")),
                "lora.targets must be [q_proj, v_proj], not [q_proj]",
                "lora.targets");
        refused(
                nothing.with("modules_to_save", List.of("lm_head")),
                "lora.modules_to_save must be [embed_tokens], not [lm_head]",
                "lora.modules_to_save");
        refused(nothing.with("use_rslora", true), "lora.use_rslora must be false, not true", "lora.use_rslora");
        refused(
                nothing.with("rank_pattern", Map.of("v_proj", 2)),
                "lora.rank_pattern of " + V + " must be 4, not 2",
                "lora.rank_pattern");
        refused(
                nothing.with("alpha_pattern", Map.of("v_proj", 3.0)),
                "lora.alpha_pattern of " + V + " must be 2.0, not 3.0",
                "lora.alpha_pattern");
    }

    @Test
    void whatIsAsItIsAndWhatIsLeftOutIsTaken() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            Adapter adapter = first(tiny);
            for (LoraSettings asked : List.of(
                    FIRST,
                    LoraSettings.defaults(),
                    LoraSettings.defaults().with("rank", 4),
                    LoraSettings.defaults().with("targets", List.of("q_proj", "v_proj")))) {
                assertThatCode(() -> adapter.goOn(asked, FOLDER))
                        .as(asked.toString())
                        .doesNotThrowAnyException();
            }
            assertThat(adapter.config().dropout()).isEqualTo(0.1);
        }
    }

    @ParameterizedTest
    @CsvSource({"0.0, 0.1", "0.1, 0.1", "0.5, 0.5"})
    void itsDropoutIsTheOneAskedForOrItsOwn(double asked, double expected) {
        int[] ids = IntStream.range(0, 12).map(n -> n * 7 % 90).toArray();
        Canvas canvas = Canvas.of(1, 12, ids).withDropout(new Canvas.Dropout(9, List.of(4)));
        double[] own;
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            Adapter _ = first(tiny);
            own = tiny.hidden(canvas);
        }
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            Adapter adapter = first(tiny);
            adapter.goOn(LoraSettings.defaults().with("dropout", asked), FOLDER);
            assertThat(adapter.config().dropout()).isEqualTo(expected);
            double[] hidden = tiny.hidden(canvas);
            if (expected == 0.1) {
                assertThat(hidden).isEqualTo(own);
            } else {
                assertThat(hidden).isNotEqualTo(own);
            }
        }
    }
}
