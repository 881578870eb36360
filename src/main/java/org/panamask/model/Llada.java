package org.panamask.model;

/// LLaDA and iLLaDA: the layers of a Llama under the names of OLMo, trained from the start to fill in masks, so that
/// each row of logits predicts its own token.
///
/// @see <a href="https://arxiv.org/abs/2502.09992">Nie et al. 2025</a>
public final class Llada implements LlamaFamily {
    private final LladaConfig config;
    private final Llama layers;

    private Llada(LladaConfig config, Llama layers) {
        this.config = config;
        this.layers = layers;
    }

    static Llada of(LladaConfig config, Llama layers) {
        return new Llada(config, layers);
    }

    @Override
    public LladaConfig config() {
        return config;
    }

    @Override
    public Llama layers() {
        return layers;
    }

    @Override
    public String configJson(String dtype) {
        return config.json(layers.isTied(), dtype);
    }
}
