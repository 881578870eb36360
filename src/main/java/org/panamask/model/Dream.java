package org.panamask.model;

import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.diffusion.Alignment;
import org.panamask.nn.WeightLoader;

/// Dream: a Qwen2 taken over from its causal training, so that the row of logits of a token predicts the token after
/// it.
///
/// @see <a href="https://arxiv.org/abs/2508.15487">Ye et al. 2025</a>
public final class Dream implements LlamaFamily {
    static final String TYPE = "Dream";

    private final Config config;
    private final Llama layers;

    /// The settings of a Dream.
    ///
    /// @param base those of the Qwen2 that it is
    public record Config(Qwen2.Config base) implements LlamaFamily.Settings {
        /// Reads `config.json`.
        ///
        /// @throws CheckpointException if a setting is missing, out of range or not supported
        public static Config of(ModelConfig config) {
            return new Config(Qwen2.Config.of(config));
        }

        @Override
        public LlamaConfig layout() {
            return base.layout();
        }

        @Override
        public ModelFacts facts() {
            return layout().facts(TYPE, Alignment.SHIFTED);
        }

        @Override
        public Config withTokens(int vocabularySize, SpecialIds special) {
            return new Config(base.withTokens(vocabularySize, special));
        }

        @Override
        public Dream model(WeightLoader weights) {
            return new Dream(this, layout().model(weights));
        }
    }

    private Dream(Config config, Llama layers) {
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
        return config.base().json(ConfigJson.of("DreamModel", TYPE), layers.isTied(), dtype);
    }
}
