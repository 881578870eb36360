package org.panamask.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.diffusion.Alignment;
import org.panamask.nn.Attention;
import org.panamask.nn.RotaryScaling;
import org.panamask.nn.WeightLoader;
import tools.jackson.databind.node.ObjectNode;

/// The settings of a LLaDA, which `config.json` has under the names of OLMo. Every setting
/// that would change what the model computes, or what training drops, is honoured or refused by name.
///
/// @param layout the sizes, with the names of OLMo
/// @param tokens how many rows of the tables have a token, `vocab_size`; the rest fills them up
/// @param trainedPositions the length that it was trained on, `max_sequence_length`
public record LladaConfig(LlamaConfig layout, int tokens, int trainedPositions) implements LlamaFamily.Settings {
    static final String TYPE = "llada";
    private static final String LLAMA = "llama";
    private static final String SEQUENTIAL = "sequential";

    /// The rows of LLaDA-8B, whose special tokens are known where a file leaves them out.
    private static final int ROWS_8B = 126_464;

    private static final int END_8B = 126_081;
    private static final int END_OF_TURN_8B = 126_348;
    private static final int MASK_8B = 126_336;

    /// Rotary tables reach at least this far: longer canvases than those of the training are not refused.
    private static final int LEAST_POSITIONS = 1 << 15;

    private static final int MOST_LAYERS = 1000;
    private static final int MOST_WIDTH = 1 << 20;
    private static final Map<String, String> REFUSED = Map.of(
            "alibi", "false: positions are rotary",
            "attention_layer_norm", "false: queries and keys have no norms",
            "bias_for_layer_norm", "false: norms have no biases",
            "include_bias", "false: only queries, keys and values may have biases, by include_qkv_bias",
            "input_emb_norm", "false: embeddings are not scaled",
            "scale_logits", "false: logits are not scaled");

    /// Reads `config.json`. A key that is left out has the default of the reference's class.
    ///
    /// @throws CheckpointException if a setting is missing, out of range or not supported
    public static LladaConfig of(ModelConfig config) {
        requirePlain(config);
        int positions =
                counted(config, "max_sequence_length", config.intOr("max_sequence_length", 1024), Integer.MAX_VALUE);
        return new LladaConfig(
                layout(config, positions),
                counted(config, "vocab_size", config.requireInt("vocab_size"), Integer.MAX_VALUE),
                positions);
    }

    private static void requirePlain(ModelConfig config) {
        REFUSED.entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(refused -> {
            if (config.booleanOr(refused.getKey(), false)) {
                throw config.refused(refused.getKey(), refused.getValue());
            }
        });
        requireTrue(config, "rope", false);
        requireTrue(config, "rope_full_precision", true);
        requireTrue(config, "layer_norm_with_affine", true);
        requireText(config, "layer_norm_type", "default", "rms");
        requireText(config, "activation_type", "swiglu", isFused(config) ? "swiglu" : "silu");
    }

    /// Whether queries, keys and values are one map, and both inputs of the feed-forward part another.
    private static boolean isFused(ModelConfig config) {
        return switch (config.stringOr("block_type", SEQUENTIAL)) {
            case SEQUENTIAL -> true;
            case LLAMA -> false;
            default -> throw config.refused("block_type", LLAMA + " or " + SEQUENTIAL);
        };
    }

    private static void requireTrue(ModelConfig config, String key, boolean absent) {
        if (!config.booleanOr(key, absent)) {
            throw config.refused(key, "true");
        }
    }

    private static void requireText(ModelConfig config, String key, String absent, String needed) {
        if (!config.stringOr(key, absent).equals(needed)) {
            throw config.refused(key, needed);
        }
    }

    private static int counted(ModelConfig config, String key, int value, int most) {
        if (value < 1 || value > most) {
            throw config.refused(key, "from 1 to " + most);
        }
        return value;
    }

    private static LlamaConfig layout(ModelConfig config, int positions) {
        int tokens = counted(config, "vocab_size", config.requireInt("vocab_size"), Integer.MAX_VALUE);
        int rows = config.intOr("embedding_size", tokens);
        if (rows < tokens) {
            throw config.refused("embedding_size", "at least vocab_size " + tokens);
        }
        int width = counted(config, "d_model", config.requireInt("d_model"), MOST_WIDTH);
        int layers = counted(config, "n_layers", config.requireInt("n_layers"), MOST_LAYERS);
        int group = config.intOr("block_group_size", 1);
        if (group < 1 || layers % group != 0) {
            throw config.refused("block_group_size", "a divisor of n_layers " + layers);
        }
        return new LlamaConfig(
                rows,
                width,
                feedForward(config, width),
                layers,
                heads(config, width),
                config.amountOr("rms_norm_eps", 1e-5),
                new LlamaConfig.Rope(
                        config.positiveOr("rope_theta", 10_000),
                        new RotaryScaling.None(),
                        Math.max(positions, LEAST_POSITIONS)),
                config.booleanOr("weight_tying", true),
                new LlamaConfig.Biases(config.booleanOr("include_qkv_bias", false), false, false),
                config.amountOr("init_std", 0.02),
                new Dropouts(
                        Dropouts.share(config, "embedding_dropout", 0.1),
                        Dropouts.share(config, "attention_dropout", 0.1),
                        Dropouts.share(config, "residual_dropout", 0.1)),
                special(config, rows),
                LayoutNames.olmo(group, isFused(config)));
    }

    /// A fused map has the sizes of both its parts together.
    private static int feedForward(ModelConfig config, int width) {
        int named = config.has("mlp_hidden_size")
                ? counted(config, "mlp_hidden_size", config.requireInt("mlp_hidden_size"), Integer.MAX_VALUE)
                : counted(config, "mlp_ratio", config.intOr("mlp_ratio", 4), Integer.MAX_VALUE / width) * width;
        if (isFused(config) && named % 2 != 0) {
            throw config.refused("mlp_hidden_size", "even where block_type is " + SEQUENTIAL);
        }
        return isFused(config) ? named / 2 : named;
    }

    private static Attention.Heads heads(ModelConfig config, int width) {
        int queries = counted(config, "n_heads", config.requireInt("n_heads"), width);
        if (width % queries != 0 || width / queries % 2 != 0) {
            throw config.refused(
                    "n_heads", "a divisor of d_model " + width + " that leaves an even width to each head");
        }
        int keys = config.intOr("n_kv_heads", config.booleanOr("multi_query_attention", false) ? 1 : queries);
        if (keys < 1 || queries % keys != 0) {
            throw config.refused("n_kv_heads", "a divisor of n_heads " + queries);
        }
        if (config.has("multi_query_attention")) {
            boolean one = config.booleanOr("multi_query_attention", false);
            if (keys != (one ? 1 : queries)) {
                throw config.refused("n_kv_heads", "what multi_query_attention says, " + (one ? 1 : queries));
            }
        }
        return new Attention.Heads(queries, keys, width / queries);
    }

    private static SpecialIds special(ModelConfig config, int rows) {
        SpecialIds named = SpecialIds.of(config);
        if (rows != ROWS_8B) {
            return named;
        }
        return new SpecialIds(
                named.begin(),
                named.end().isEmpty() ? List.of(END_8B, END_OF_TURN_8B) : named.end(),
                named.pad().or(() -> Optional.of(END_8B)),
                named.mask().or(() -> Optional.of(MASK_8B)));
    }

    @Override
    public ModelFacts facts() {
        return layout.facts(TYPE, Alignment.OWN);
    }

    @Override
    public List<String> rowKeys() {
        return List.of("vocab_size", "embedding_size");
    }

    @Override
    public List<String> tyingKeys() {
        return List.of("weight_tying", "tie_word_embeddings");
    }

    /// The same with the first `count` layers only.
    public LladaConfig withLayers(int count) {
        return new LladaConfig(layout.withLayers(count), tokens, trainedPositions);
    }

    @Override
    public LladaConfig withTokens(int vocabularySize, SpecialIds special) {
        int used = vocabularySize == layout.vocabularySize() ? tokens : vocabularySize;
        return new LladaConfig(layout.withTokens(vocabularySize, special), used, trainedPositions);
    }

    @Override
    public Llada model(WeightLoader weights) {
        return Llada.of(this, layout.model(weights));
    }

    /// `config.json` as the reference reads it; `tiedNow` says what the weights are now.
    String json(boolean tiedNow, String dtype) {
        ConfigJson json = ConfigJson.of("LLaDAModelLM", TYPE);
        Dropouts dropouts = layout.dropouts();
        boolean fused = layout.names().layer().fused();
        ObjectNode root = json.root();
        root.put("d_model", layout.width())
                .put("n_layers", layout.layers())
                .put("n_heads", layout.heads().queries())
                .put("n_kv_heads", layout.heads().keys())
                .put("mlp_hidden_size", fused ? 2 * layout.feedForward() : layout.feedForward())
                .put("vocab_size", tokens)
                .put("embedding_size", layout.vocabularySize())
                .put("max_sequence_length", trainedPositions)
                .put("rms_norm_eps", layout.normEpsilon())
                .put("block_type", fused ? SEQUENTIAL : LLAMA)
                .put("block_group_size", layout.names().group())
                .put("activation_type", fused ? "swiglu" : "silu")
                .put("layer_norm_type", "rms")
                .put("layer_norm_with_affine", true)
                .put("rope", true)
                .put("rope_full_precision", true)
                .put("rope_theta", layout.rope().theta())
                .put("include_qkv_bias", layout.biases().inputs())
                .put("weight_tying", tiedNow)
                .put("embedding_dropout", dropouts.embedding())
                .put("attention_dropout", dropouts.attention())
                .put("residual_dropout", dropouts.residual())
                .put("init_fn", "normal")
                .put("init_std", layout.initializerRange());
        REFUSED.keySet().stream().sorted().forEach(key -> root.put(key, false));
        return json.text(tiedNow, dtype, layout.special());
    }
}
