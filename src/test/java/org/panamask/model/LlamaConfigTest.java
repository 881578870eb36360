package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.HubFolder;
import org.panamask.nn.Attention;
import org.panamask.nn.RotaryScaling;

final class LlamaConfigTest {
    private static final String SIZES = """
        {"model_type": "llama", "vocab_size": 9, "hidden_size": 8, "intermediate_size": 12,
         "num_hidden_layers": 1, "num_attention_heads": 2%s}\
        """;

    @TempDir
    private Path folder;

    private LlamaConfig config(String more) throws IOException {
        Files.writeString(folder.resolve("config.json"), SIZES.formatted(more));
        return (LlamaConfig) Models.config(HubFolder.config(folder));
    }

    @Test
    void whatIsMissingHasTheDefaultsOfTheFamily() throws IOException {
        LlamaConfig config = config("");

        assertThat(config.heads()).isEqualTo(new Attention.Heads(2, 2, 4));
        assertThat(config.normEpsilon()).isEqualTo(1e-6);
        assertThat(config.rope()).isEqualTo(new LlamaConfig.Rope(10_000, new RotaryScaling.None(), 2048));
        assertThat(config.tied()).isFalse();
        assertThat(config.special()).isEqualTo(SpecialIds.none());
    }

    @Test
    void bothSpellingsOfRotarySettingsAreRead() throws IOException {
        LlamaConfig old = config("""
            , "rope_theta": 5e5, "rope_scaling": {"type": "linear", "factor": 2.0}\
            """);
        LlamaConfig current = config("""
            , "rope_parameters": {"rope_type": "linear", "rope_theta": 5e5, "factor": 2.0}\
            """);

        assertThat(old.rope()).isEqualTo(new LlamaConfig.Rope(5e5, new RotaryScaling.Linear(2), 2048));
        assertThat(current).isEqualTo(old);
    }

    @Test
    void biasesAreInTheTableWhereAskedFor() throws IOException {
        LlamaConfig config = config("""
            , "attention_bias": true, "mlp_bias": true, "tie_word_embeddings": true\
            """);

        assertThat(config.weights())
                .containsKeys("model.layers.0.self_attn.o_proj.bias", "model.layers.0.mlp.down_proj.bias")
                .doesNotContainKey("lm_head.weight");
    }

    @Test
    void anotherActivationIsRefused() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> config("""
                    , "hidden_act": "gelu\"\
                    """))
                .withMessage("config.json: hidden_act must be silu, but got \"gelu\"; correct the file or take another"
                        + " model");
    }

    @Test
    void anUnknownRotaryTypeIsRefused() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> config("""
                    , "rope_scaling": {"rope_type": "yarn", "factor": 2.0}\
                    """))
                .withMessage("config.json: rope_scaling.rope_type must be default, linear or llama3, but got \"yarn\";"
                        + " correct the file or take another model");
    }

    /// A norm or a frequency made of these is not a number, and so is everything the model says.
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    "rms_norm_eps": -1.0 | rms_norm_eps must be at least 0, but got -1.0
                    "initializer_range": -0.1 | initializer_range must be at least 0, but got -0.1
                    "rope_theta": 0 | rope_theta must be above 0, but got 0
                    "rope_parameters": {"rope_theta": -1} | rope_parameters.rope_theta must be above 0, but got -1
                    "rope_scaling": {"type": "linear", "factor": 0} | rope_scaling.factor must be above 0, but got 0
                    "rope_scaling": {"type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4}\
                     | rope_scaling.high_freq_factor must be above low_freq_factor 4.0, but got 4
                    """)
    void numbersThatMakeNoNumbersAreRefused(String setting, String message) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> config(", " + setting))
                .withMessage("config.json: " + message + "; correct the file or take another model");
    }

    @Test
    void headsThatDoNotDivideAreRefused() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> config("""
                    , "num_key_value_heads": 3\
                    """))
                .withMessage("config.json: num_key_value_heads must be a divisor of num_attention_heads 2, but got 3;"
                        + " correct the file or take another model");
    }

    @Test
    void anUnknownFamilyIsRefused() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"t5\"}");
        assertThatExceptionOfType(ModelException.class)
                .isThrownBy(() -> Models.config(HubFolder.config(folder)))
                .withMessage(
                        "config.json: model_type must be one of [Dream, gpt2, llada, llama, qwen2], but got 't5'; take another model");
    }

    @Test
    void manyPositionsDoNotMakeHugeTables() throws IOException {
        assertThat(config("""
            , "max_position_embeddings": 2000000000\
            """).facts().maxPositions()).isEqualTo(131_072);
    }
}
