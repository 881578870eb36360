package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.HubFolder;
import org.panamask.diffusion.Canvas;

final class Qwen2Test {
    private static final String SIZES = """
        {"model_type": "qwen2", "vocab_size": 9, "hidden_size": 8, "intermediate_size": 12,
         "num_hidden_layers": 1, "num_attention_heads": 2%s}\
        """;
    private static final Canvas CANVAS =
            Canvas.of(2, 12, IntStream.range(0, 24).map(n -> n * 7 % 90).toArray());

    @TempDir
    private Path folder;

    private Architecture config(String more) throws IOException {
        Files.writeString(folder.resolve("config.json"), SIZES.formatted(more));
        return Models.config(HubFolder.config(folder));
    }

    @Test
    void queriesKeysAndValuesHaveBiasesAndNothingElseHas() throws IOException {
        assertThat(config("").weights().keySet().stream().filter(name -> name.endsWith(".bias")))
                .containsExactly(
                        "model.layers.0.self_attn.q_proj.bias",
                        "model.layers.0.self_attn.k_proj.bias",
                        "model.layers.0.self_attn.v_proj.bias");
        assertThat(config("").facts().maxPositions()).isEqualTo(32_768);
    }

    @Test
    void slidingWindowsAreRefused() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> config(", \"use_sliding_window\": true"))
                .withMessage("config.json: use_sliding_window must be false: every layer attends to the whole text, but"
                        + " got true; correct the file or take another model");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> config(", \"layer_types\": [\"full_attention\", \"sliding_attention\"]"))
                .withMessage("config.json: layer_types must be full_attention throughout, but got"
                        + " [\"full_attention\",\"sliding_attention\"]; correct the file or take another model");
    }

    @Test
    void aSavedModelIsTheSameModel() {
        double[] before;
        Qwen2.Config config;
        try (Tiny tiny = Tiny.open("qwen2-tiny")) {
            before = tiny.logits(CANVAS);
            config = ((Qwen2) tiny.model()).config();
            tiny.job(ops -> {
                tiny.model().save(ops, folder);
                return config;
            });
        }
        try (Tiny tiny = Tiny.open(folder)) {
            assertThat(tiny.logits(CANVAS)).isEqualTo(before);
            assertThat(((Qwen2) tiny.model()).config()).isEqualTo(config);
            assertThat(tiny.model().facts().type()).isEqualTo("qwen2");
            assertThat(tiny.model().head()).isSameAs(tiny.model().parameters().weight("model.embed_tokens.weight"));
        }
    }

    @Test
    void aRandomStartHasNoBiasYet() throws IOException {
        try (Tiny tiny = Tiny.created(config(", \"tie_word_embeddings\": true"), 5)) {
            assertThat(tiny.model().parameters().names()).doesNotContain("lm_head.weight");
            double[] bias = tiny.job(ops -> ops.doubles(tiny.model()
                    .parameters()
                    .weight("model.layers.0.self_attn.q_proj.bias")
                    .value()));
            assertThat(bias).containsOnly(0);
            assertThat(tiny.logits(Canvas.of(1, 3, new int[] {1, 2, 3}))).doesNotContain(0);
        }
    }
}
