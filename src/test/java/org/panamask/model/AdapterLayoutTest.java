package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.checkpoint.HubFolder;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.TensorSource;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Shape;
import org.panamask.tensor.ShapeOps;

/// The sizes of adapters of Llama-2-7B, from its real settings, without a weight.
final class AdapterLayoutTest {
    private static final LoraSettings RANK_16 = LoraSettings.defaults().with("rank", 16);
    private static final List<String> ATTENTION = List.of("q_proj", "k_proj", "v_proj", "o_proj");

    private Model model;

    @BeforeEach
    void shapeTheModel(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"), """
                {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 32000,
                 "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
                 "num_key_value_heads": 32, "hidden_act": "silu", "max_position_embeddings": 4096,
                 "rms_norm_eps": 1e-05, "rope_scaling": null, "tie_word_embeddings": false,
                 "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "float16"}
                """);
        LlamaConfig config = LlamaConfig.of(HubFolder.config(folder));
        ShapeOps ops = ShapeOps.of(DType.F16);
        TensorSource source = (name, shape) -> new HostTensor(name, DType.F16, shape, addresses(shape.count() * 2));
        model = Llama.of(config, new WeightLoader(config.weights(), source, ops, ops.owner("weights"), false));
    }

    /// Bytes that are nowhere: nobody reads them.
    private static MemorySegment addresses(long bytes) {
        return MemorySegment.NULL.reinterpret(bytes);
    }

    private long count(LoraSettings settings) {
        return AdapterLayout.of(model, settings).count();
    }

    @Test
    void llama2HasThePublishedNumberOfTrainableParameters() {
        assertThat(count(RANK_16.with("targets", ATTENTION))).isEqualTo(16_777_216);
        assertThat(count(RANK_16)).isEqualTo(39_976_960);
        assertThat(count(RANK_16.with("modules_to_save", List.of("embed_tokens"))))
                .isEqualTo(39_976_960L + 131_072_000);
    }

    @Test
    void aPatternChangesTheNumber() {
        long attention = 32 * 2 * 4096 * 16;
        assertThat(count(RANK_16.with("targets", ATTENTION).with("rank_pattern", Map.of("q_proj", 32))))
                .isEqualTo(5 * attention);
        assertThat(AdapterLayout.of(model, RANK_16.with("modules_to_save", List.of("embed_tokens")))
                        .whole())
                .isEqualTo(Map.of("model.embed_tokens.weight", Shape.of(32_000, 4096)));
    }
}
