package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.nn.Attention;
import org.panamask.tensor.Shape;

final class LladaConfigTest {
    /// What a file says at least: the rest has the defaults of the reference's class.
    private static final String LEAST = """
            {"model_type": "llada", "d_model": 8, "n_layers": 4, "n_heads": 4, "vocab_size": 9, "rope": true,
             "block_type": "llama", "activation_type": "silu", "layer_norm_type": "rms"%s}\
            """;

    private static LladaConfig config(String more) {
        return (LladaConfig) Models.config(ModelConfig.parse("config.json", LEAST.formatted(more)));
    }

    @Test
    void whatIsLeftOutHasTheDefaultOfTheReference() {
        LladaConfig config = config("");

        assertThat(config.layout().feedForward()).isEqualTo(32);
        assertThat(config.layout().heads()).isEqualTo(new Attention.Heads(4, 4, 2));
        assertThat(config.layout().normEpsilon()).isEqualTo(1e-5);
        assertThat(config.layout().rope().theta()).isEqualTo(10_000);
        assertThat(config.tied()).isTrue();
        assertThat(config.trainedPositions()).isEqualTo(1024);
        assertThat(config.facts().type()).isEqualTo("llada");
        assertThat(config.facts().vocabularySize()).isEqualTo(9);
        assertThat(config.facts().special()).isEqualTo(SpecialIds.none());
    }

    @Test
    void theWidthInsideIsGivenOrAMultiple() {
        assertThat(config(", \"mlp_hidden_size\": 12, \"mlp_ratio\": 3")
                        .layout()
                        .feedForward())
                .isEqualTo(12);
        assertThat(config(", \"mlp_hidden_size\": null, \"mlp_ratio\": 3")
                        .layout()
                        .feedForward())
                .isEqualTo(24);
    }

    @Test
    void keyHeadsAreGivenOrOneOrAll() {
        assertThat(config(", \"n_kv_heads\": 2").layout().heads().keys()).isEqualTo(2);
        assertThat(config(", \"n_kv_heads\": null, \"multi_query_attention\": true")
                        .layout()
                        .heads()
                        .keys())
                .isEqualTo(1);
        assertThat(config(", \"n_kv_heads\": 4, \"multi_query_attention\": false")
                        .layout()
                        .heads()
                        .keys())
                .isEqualTo(4);
    }

    @Test
    void tablesMayHaveMoreRowsThanThereAreTokens() {
        LladaConfig config = config(", \"embedding_size\": 16");

        assertThat(config.weights().get("model.transformer.wte.weight")).isEqualTo(Shape.of(16, 8));
        assertThat(config.withTokens(16, SpecialIds.none()).tokens()).isEqualTo(9);
        assertThat(config.withTokens(20, SpecialIds.none()).tokens()).isEqualTo(20);
    }

    @Test
    void layersMayBeCountedInGroups() {
        assertThat(config(", \"block_group_size\": 2").weights())
                .containsKeys(
                        "model.transformer.block_groups.0.1.q_proj.weight",
                        "model.transformer.block_groups.1.0.ff_out.weight")
                .hasSize(38);
    }

    @Test
    void anUntiedHeadHasTheNameOfTheFile() {
        assertThat(config(", \"weight_tying\": false").weights())
                .containsEntry("model.transformer.ff_out.weight", Shape.of(9, 8));
        assertThat(config("").weights()).doesNotContainKey("model.transformer.ff_out.weight");
    }

    @Test
    void queriesKeysAndValuesMayHaveBiases() {
        assertThat(config(", \"include_qkv_bias\": true").weights().keySet().stream()
                        .filter(name -> name.startsWith("model.transformer.blocks.0.") && name.endsWith(".bias")))
                .containsExactly(
                        "model.transformer.blocks.0.q_proj.bias",
                        "model.transformer.blocks.0.k_proj.bias",
                        "model.transformer.blocks.0.v_proj.bias");
    }

    @Test
    void theSpecialTokensOfTheReleasedModelAreKnown() {
        SpecialIds special = config(", \"embedding_size\": 126464").facts().special();

        assertThat(special.mask()).contains(126_336);
        assertThat(special.pad()).contains(126_081);
        assertThat(special.end()).containsExactly(126_081, 126_348);
        assertThat(special.begin()).isEqualTo(Optional.empty());
        assertThat(config(
                                ", \"embedding_size\": 126464, \"mask_token_id\": 5, \"eos_token_id\": 7, \"pad_token_id\": 8")
                        .facts()
                        .special())
                .isEqualTo(new SpecialIds(Optional.empty(), List.of(7), Optional.of(8), Optional.of(5)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "include_bias | true | false: only queries, keys and values may have biases, by include_qkv_bias",
                "bias_for_layer_norm | true | false: norms have no biases",
                "scale_logits | true | false: logits are not scaled",
                "input_emb_norm | true | false: embeddings are not scaled",
                "attention_layer_norm | true | false: queries and keys have no norms",
                "alibi | true | false: positions are rotary",
                "rope | false | true",
                "rope_full_precision | false | true",
                "layer_norm_with_affine | false | true",
                "layer_norm_type | \"gemma_rms\" | rms",
                "activation_type | \"gelu\" | silu",
                "block_type | \"parallel\" | llama or sequential",
                "block_type | 7 | text",
                "block_group_size | 3 | a divisor of n_layers 4",
                "embedding_size | 8 | at least vocab_size 9",
                "n_kv_heads | 3 | a divisor of n_heads 4",
                "max_sequence_length | 0 | from 1 to 2147483647",
                "mlp_ratio | 0 | from 1 to 268435455"
            })
    void whatChangesTheNumbersIsRefusedByName(String key, String value, String rule) {
        String json = LEAST.formatted("")
                        .replaceAll(" \"" + key + "\": [^,}]*,?", " ")
                        .replaceFirst("\\s*,?\\s*}$", "") + ", \"" + key + "\": " + value + "}";
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Models.config(ModelConfig.parse("config.json", json)))
                .withMessage("config.json: " + key + " must be " + rule + ", but got " + value
                        + "; correct the file or take another model");
    }

    @Test
    void oneKeyHeadCannotBeSaidTwoWays() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> config(", \"n_kv_heads\": 2, \"multi_query_attention\": true"))
                .withMessage("config.json: n_kv_heads must be what multi_query_attention says, 1, but got 2;"
                        + " correct the file or take another model");
    }

    @Test
    void joinedMapsAreReadWithTheirGate() {
        String fused = LEAST.replace("\"silu\"", "\"swiglu\"").replace("\"llama\"", "\"sequential\"");
        LladaConfig config =
                (LladaConfig) Models.config(ModelConfig.parse("config.json", fused.formatted(", \"n_kv_heads\": 2")));

        assertThat(config.weights())
                .containsEntry("model.transformer.blocks.0.att_proj.weight", Shape.of(16, 8))
                .containsEntry("model.transformer.blocks.0.ff_proj.weight", Shape.of(32, 8))
                .containsEntry("model.transformer.blocks.0.ff_out.weight", Shape.of(8, 16));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() ->
                        Models.config(ModelConfig.parse("config.json", fused.formatted(", \"mlp_hidden_size\": 13"))))
                .withMessage("config.json: mlp_hidden_size must be even where block_type is sequential, but got 13;"
                        + " correct the file or take another model");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Models.config(ModelConfig.parse(
                        "config.json",
                        LEAST.replace("\"llama\"", "\"sequential\"").formatted(""))))
                .withMessage("config.json: activation_type must be swiglu, but got \"silu\";"
                        + " correct the file or take another model");
    }

    @Test
    void aPlainFileOfAnotherBlockIsRefused() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Models.config(ModelConfig.parse("config.json", """
                        {"model_type": "llada", "d_model": 8, "n_layers": 4, "n_heads": 4, "vocab_size": 9}\
                        """)))
                .withMessage("config.json: rope must be true, but got nothing; correct the file or take another model");
    }

    @Test
    void allSettingsOfTheTinyModelsAreRead() throws Exception {
        Path file = Tiny.samplerFolder("illada-tiny").resolve("config.json");
        LladaConfig config = LladaConfig.of(ModelConfig.parse("config.json", Files.readString(file)));

        assertThat(config.layout().heads()).isEqualTo(new Attention.Heads(4, 2, 16));
        assertThat(config.tied()).isTrue();
        assertThat(config.facts().special())
                .isEqualTo(new SpecialIds(Optional.of(152), List.of(150), Optional.of(150), Optional.of(156)));
    }
}
