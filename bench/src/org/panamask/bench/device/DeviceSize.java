package org.panamask.bench.device;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.panamask.model.Dropouts;
import org.panamask.model.LayoutNames;
import org.panamask.model.LlamaConfig;
import org.panamask.model.SpecialIds;
import org.panamask.nn.Attention;
import org.panamask.nn.RotaryScaling;

/// The models whose shapes are measured.
public enum DeviceSize {
    /// For the emulator: two layers of width 64.
    TOY(96, 64, 128, 2, new Attention.Heads(4, 2, 16)),
    /// Llama-3.2-1B with a head of its own.
    ONE_B(128_256, 2048, 8192, 16, new Attention.Heads(32, 8, 64)),
    /// Llama-3-8B.
    EIGHT_B(128_256, 4096, 14_336, 32, new Attention.Heads(32, 8, 128));

    private static final int POSITIONS = 8192;

    private final LlamaConfig config;

    DeviceSize(int vocabulary, int width, int feedForward, int layers, Attention.Heads heads) {
        this.config = new LlamaConfig(
                vocabulary,
                width,
                feedForward,
                layers,
                heads,
                1e-5,
                new LlamaConfig.Rope(500_000, new RotaryScaling.None(), POSITIONS),
                false,
                LlamaConfig.Biases.none(),
                0.02,
                Dropouts.none(),
                SpecialIds.none(),
                LayoutNames.llama());
    }

    LlamaConfig config() {
        return config;
    }

    String label() {
        return switch (this) {
            case TOY -> "toy";
            case ONE_B -> "1B";
            case EIGHT_B -> "8B";
        };
    }

    /// What the peer needs to make a model of this shape.
    Map<String, Object> parameters() {
        Map<String, Object> shape = new LinkedHashMap<>();
        shape.put("model", name().toLowerCase(Locale.ROOT));
        shape.put("vocabulary", config.vocabularySize());
        shape.put("width", config.width());
        shape.put("feed_forward", config.feedForward());
        shape.put("layers", config.layers());
        shape.put("heads", config.heads().queries());
        shape.put("kv_heads", config.heads().keys());
        shape.put("head_width", config.heads().width());
        return shape;
    }
}
