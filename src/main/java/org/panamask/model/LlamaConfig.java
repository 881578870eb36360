package org.panamask.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.nn.Attention;
import org.panamask.nn.RotaryScaling;
import org.panamask.tensor.Shape;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The settings of a Llama.
///
/// @param vocabularySize V
/// @param width D
/// @param feedForward F, the width inside the feed-forward part
/// @param layers how many
/// @param heads how projections are cut into heads
/// @param normEpsilon added to the mean square in norms
/// @param rope its rotary positions
/// @param tied whether the head is the embedding table
/// @param attentionBias whether the attention's maps have biases
/// @param mlpBias whether the feed-forward maps have biases
/// @param initializerRange standard deviation of a random start
/// @param special token ids with a meaning
public record LlamaConfig(
        int vocabularySize,
        int width,
        int feedForward,
        int layers,
        Attention.Heads heads,
        double normEpsilon,
        Rope rope,
        boolean tied,
        boolean attentionBias,
        boolean mlpBias,
        double initializerRange,
        SpecialIds special) {
    static final String TYPE = "llama";
    /// Tables of cosines and sines are made for at most this many positions, those of Llama 3.1.
    private static final int MOST_POSITIONS = 1 << 17;

    private static final int MOST_LAYERS = 1000;

    /// Rotary positions.
    ///
    /// @param theta the base of the frequencies
    /// @param scaling how they are stretched
    /// @param maxPositions the longest text
    public record Rope(double theta, RotaryScaling scaling, int maxPositions) {}

    /// A Llama without biases, with heads of width `width / queryHeads` that all have their own keys, an untied
    /// head and the usual numbers.
    public static LlamaConfig of(int vocabularySize, int width, int layers, int queryHeads, int maxPositions) {
        return new LlamaConfig(
                vocabularySize,
                width,
                4 * width,
                layers,
                new Attention.Heads(queryHeads, queryHeads, width / queryHeads),
                1e-5,
                new Rope(10_000, new RotaryScaling.None(), maxPositions),
                false,
                false,
                false,
                0.02,
                SpecialIds.none());
    }

    /// Reads `config.json`, in the spelling of any release.
    ///
    /// @throws CheckpointException if a setting is missing, out of range or not supported
    public static LlamaConfig of(ModelConfig config) {
        if (!config.stringOr("hidden_act", "silu").equals("silu")) {
            throw config.refused("hidden_act", "silu");
        }
        int width = counted(config, "hidden_size", config.requireInt("hidden_size"), Integer.MAX_VALUE);
        int queries = counted(config, "num_attention_heads", config.requireInt("num_attention_heads"), width);
        return new LlamaConfig(
                counted(config, "vocab_size", config.requireInt("vocab_size"), Integer.MAX_VALUE),
                width,
                counted(config, "intermediate_size", config.requireInt("intermediate_size"), Integer.MAX_VALUE),
                counted(config, "num_hidden_layers", config.requireInt("num_hidden_layers"), MOST_LAYERS),
                heads(config, width, queries),
                config.doubleOr("rms_norm_eps", 1e-6),
                rope(config),
                config.booleanOr("tie_word_embeddings", false),
                config.booleanOr("attention_bias", false),
                config.booleanOr("mlp_bias", false),
                config.doubleOr("initializer_range", 0.02),
                SpecialIds.of(config));
    }

    private static int counted(ModelConfig config, String key, int value, int most) {
        if (value < 1 || value > most) {
            throw config.refused(key, "from 1 to " + most);
        }
        return value;
    }

    private static Attention.Heads heads(ModelConfig config, int width, int queries) {
        int keys = config.intOr("num_key_value_heads", queries);
        if (keys < 1 || queries % keys != 0) {
            throw config.refused("num_key_value_heads", "a divisor of num_attention_heads " + queries);
        }
        if (!config.has("head_dim") && width % queries != 0) {
            throw config.refused("num_attention_heads", "a divisor of hidden_size " + width);
        }
        int headWidth = config.intOr("head_dim", width / queries);
        if (headWidth < 2 || headWidth % 2 != 0 || headWidth > 65_536) {
            throw config.refused("head_dim", "an even number from 2 to 65536");
        }
        return new Attention.Heads(queries, keys, headWidth);
    }

    private static Rope rope(ModelConfig config) {
        int positions = counted(
                config, "max_position_embeddings", config.intOr("max_position_embeddings", 2048), Integer.MAX_VALUE);
        double theta = config.doubleOr("rope_theta", 10_000);
        return config.object("rope_parameters")
                .or(() -> config.object("rope_scaling"))
                .map(scaling -> new Rope(scaling.doubleOr("rope_theta", theta), scaling(scaling, positions), positions))
                .orElseGet(() -> new Rope(theta, new RotaryScaling.None(), positions));
    }

    private static RotaryScaling scaling(ModelConfig scaling, int positions) {
        String key = scaling.has("rope_type") ? "rope_type" : "type";
        return switch (scaling.stringOr(key, "default")) {
            case "default" -> new RotaryScaling.None();
            case "linear" -> new RotaryScaling.Linear(scaling.requireDouble("factor"));
            case "llama3" ->
                new RotaryScaling.Llama3(
                        scaling.requireDouble("factor"),
                        scaling.requireDouble("low_freq_factor"),
                        scaling.requireDouble("high_freq_factor"),
                        scaling.intOr("original_max_position_embeddings", positions));
            default -> throw scaling.refused(key, "default, linear or llama3");
        };
    }

    /// The facts that hold for every model.
    ModelFacts facts() {
        return new ModelFacts(
                TYPE, vocabularySize, width, layers, Math.min(rope.maxPositions(), MOST_POSITIONS), special);
    }

    /// The names and shapes of all weights, in the order of the layers.
    public Map<String, Shape> weights() {
        Map<String, Shape> table = new LinkedHashMap<>();
        table.put(Llama.EMBEDDING, Shape.of(vocabularySize, width));
        int queries = heads.queries() * heads.width();
        int keys = heads.keys() * heads.width();
        for (int layer = 0; layer < layers; layer++) {
            String prefix = Llama.layer(layer);
            table.put(prefix + "input_layernorm.weight", Shape.of(width));
            linear(table, prefix + "self_attn.q_proj", Shape.of(queries, width), attentionBias);
            linear(table, prefix + "self_attn.k_proj", Shape.of(keys, width), attentionBias);
            linear(table, prefix + "self_attn.v_proj", Shape.of(keys, width), attentionBias);
            linear(table, prefix + "self_attn.o_proj", Shape.of(width, queries), attentionBias);
            table.put(prefix + "post_attention_layernorm.weight", Shape.of(width));
            linear(table, prefix + "mlp.gate_proj", Shape.of(feedForward, width), mlpBias);
            linear(table, prefix + "mlp.up_proj", Shape.of(feedForward, width), mlpBias);
            linear(table, prefix + "mlp.down_proj", Shape.of(width, feedForward), mlpBias);
        }
        table.put("model.norm.weight", Shape.of(width));
        if (!tied) {
            table.put(Llama.HEAD, Shape.of(vocabularySize, width));
        }
        return table;
    }

    private static void linear(Map<String, Shape> table, String path, Shape shape, boolean bias) {
        table.put(path + ".weight", shape);
        if (bias) {
            table.put(path + ".bias", Shape.of(shape.extent(0)));
        }
    }

    /// `config.json` as Hugging Face reads it.
    String json(boolean tiedNow, String dtype) {
        JsonMapper mapper = JsonMapper.builder().build();
        ObjectNode json = mapper.createObjectNode();
        json.putArray("architectures").add("LlamaForCausalLM");
        json.put("model_type", TYPE)
                .put("vocab_size", vocabularySize)
                .put("hidden_size", width)
                .put("intermediate_size", feedForward)
                .put("num_hidden_layers", layers)
                .put("num_attention_heads", heads.queries())
                .put("num_key_value_heads", heads.keys())
                .put("head_dim", heads.width())
                .put("hidden_act", "silu")
                .put("max_position_embeddings", rope.maxPositions())
                .put("rms_norm_eps", normEpsilon)
                .put("rope_theta", rope.theta())
                .put("attention_bias", attentionBias)
                .put("mlp_bias", mlpBias)
                .put("tie_word_embeddings", tiedNow)
                .put("initializer_range", initializerRange)
                .put("torch_dtype", dtype);
        putScaling(json);
        special.begin().ifPresent(id -> json.put("bos_token_id", id));
        special.pad().ifPresent(id -> json.put("pad_token_id", id));
        special.mask().ifPresent(id -> json.put("mask_token_id", id));
        if (special.end().size() == 1) {
            json.put("eos_token_id", special.end().getFirst());
        } else if (!special.end().isEmpty()) {
            ArrayNode ends = json.putArray("eos_token_id");
            special.end().forEach(ends::add);
        }
        return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
    }

    private void putScaling(ObjectNode json) {
        switch (rope.scaling()) {
            case RotaryScaling.None() -> json.putNull("rope_scaling");
            case RotaryScaling.Linear(double factor) ->
                json.putObject("rope_scaling").put("rope_type", "linear").put("factor", factor);
            case RotaryScaling.Llama3 llama3 ->
                json.putObject("rope_scaling")
                        .put("rope_type", "llama3")
                        .put("factor", llama3.factor())
                        .put("low_freq_factor", llama3.lowFrequencyFactor())
                        .put("high_freq_factor", llama3.highFrequencyFactor())
                        .put("original_max_position_embeddings", llama3.originalPositions());
        }
    }
}
