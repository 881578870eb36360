package org.panamask.model;

import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.diffusion.Alignment;
import org.panamask.nn.WeightLoader;

/// Qwen 2 and 2.5: the layers of a Llama with biases on queries, keys and values; small ones have a tied head.
///
/// @see <a href="https://arxiv.org/abs/2407.10671">Yang et al. 2024</a>
public final class Qwen2 implements LlamaFamily {
    static final String TYPE = "qwen2";
    private static final String FULL_ATTENTION = "full_attention";
    private static final int POSITIONS = 32_768;

    private final Config config;
    private final Llama layers;

    /// The settings of a Qwen2.
    ///
    /// @param layout its sizes, with biases on queries, keys and values
    public record Config(LlamaConfig layout) implements LlamaFamily.Settings {
        /// Reads `config.json`, in the spelling of any release.
        ///
        /// @throws CheckpointException if a setting is missing, out of range or not supported
        public static Config of(ModelConfig config) {
            if (config.booleanOr("use_sliding_window", false)) {
                throw config.refused("use_sliding_window", "false: every layer attends to the whole text");
            }
            if (!config.strings("layer_types").stream().allMatch(FULL_ATTENTION::equals)) {
                throw config.refused("layer_types", FULL_ATTENTION + " throughout");
            }
            return new Config(LlamaConfig.of(config, new LlamaConfig.Biases(true, false, false), POSITIONS));
        }

        @Override
        public ModelFacts facts() {
            return layout.facts(TYPE, Alignment.SHIFTED);
        }

        @Override
        public Config withTokens(int vocabularySize, SpecialIds special) {
            return new Config(layout.withTokens(vocabularySize, special));
        }

        @Override
        public Qwen2 model(WeightLoader weights) {
            return new Qwen2(this, layout.model(weights));
        }

        /// `json` with these settings.
        String json(ConfigJson json, boolean tiedNow, String dtype) {
            layout.put(json.root());
            if (layout.heads().width() * layout.heads().queries() != layout.width()) {
                json.root().put("head_dim", layout.heads().width());
            }
            json.root().put("use_sliding_window", false);
            return json.text(tiedNow, dtype, layout.special());
        }
    }

    private Qwen2(Config config, Llama layers) {
        this.config = config;
        this.layers = layers;
    }

    @Override
    public Config config() {
        return config;
    }

    @Override
    public Llama layers() {
        return layers;
    }

    @Override
    public String configJson(String dtype) {
        return config.json(ConfigJson.of("Qwen2ForCausalLM", TYPE), layers.isTied(), dtype);
    }
}
