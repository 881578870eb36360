package org.panamask.bench;

import org.panamask.model.Dropouts;
import org.panamask.model.LayoutNames;
import org.panamask.model.LlamaConfig;
import org.panamask.model.SpecialIds;
import org.panamask.nn.Attention;
import org.panamask.nn.RotaryScaling;

/// The models that benches measure.
public enum BenchSize {
    /// 0.3 million parameters: that of the quickstart, with room for 256 tokens.
    SMALL(config(14, 96, 256, 3, 4)),
    /// The shape of GPT-2 of 124 million parameters as a Llama: 134 million, since embedding and head are apart.
    LLAMA_124M(config(32_000, 768, 2048, 12, 12));

    private final LlamaConfig config;

    BenchSize(LlamaConfig config) {
        this.config = config;
    }

    /// The settings of the model.
    LlamaConfig config() {
        return config;
    }

    private static LlamaConfig config(int vocabulary, int width, int feedForward, int layers, int heads) {
        return new LlamaConfig(
                vocabulary,
                width,
                feedForward,
                layers,
                new Attention.Heads(heads, heads, width / heads),
                1e-5,
                new LlamaConfig.Rope(10_000, new RotaryScaling.None(), 2048),
                false,
                LlamaConfig.Biases.none(),
                0.02,
                Dropouts.none(),
                SpecialIds.none(),
                LayoutNames.llama());
    }
}
