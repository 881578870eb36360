package org.panamask.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.checkpoint.WrapperNaming;
import org.panamask.diffusion.Alignment;
import org.panamask.nn.Attention;
import org.panamask.nn.RotaryScaling;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.Shape;
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
/// @param biases which maps have biases
/// @param initializerRange standard deviation of a random start
/// @param dropouts what training drops
/// @param special token ids with a meaning
/// @param names what its parts are called
public record LlamaConfig(
        int vocabularySize,
        int width,
        int feedForward,
        int layers,
        Attention.Heads heads,
        double normEpsilon,
        Rope rope,
        boolean tied,
        Biases biases,
        double initializerRange,
        Dropouts dropouts,
        SpecialIds special,
        LayoutNames names)
        implements Architecture {
    static final String TYPE = "llama";
    private static final String IGNORED = ".rotary_emb.inv_freq";

    /// Tables of cosines and sines are made for at most this many positions, those of Llama 3.1.
    private static final int MOST_POSITIONS = 1 << 17;

    private static final int MOST_LAYERS = 1000;

    /// Rotary positions.
    ///
    /// @param theta the base of the frequencies
    /// @param scaling how they are stretched
    /// @param maxPositions the longest text
    public record Rope(double theta, RotaryScaling scaling, int maxPositions) {}

    /// Which maps have biases.
    ///
    /// @param inputs those of queries, keys and values
    /// @param output that of the attention's result
    /// @param feedForward those of the feed-forward part
    public record Biases(boolean inputs, boolean output, boolean feedForward) {
        /// None, as in every published Llama.
        public static Biases none() {
            return new Biases(false, false, false);
        }
    }

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
                Biases.none(),
                0.02,
                Dropouts.none(),
                SpecialIds.none(),
                LayoutNames.llama());
    }

    /// Reads `config.json`, in the spelling of any release.
    ///
    /// @throws CheckpointException if a setting is missing, out of range or not supported
    public static LlamaConfig of(ModelConfig config) {
        boolean attention = config.booleanOr("attention_bias", false);
        return of(config, new Biases(attention, attention, config.booleanOr("mlp_bias", false)), 2048);
    }

    /// The same layout in another family's `config.json`, which says nothing of biases; `positions` are those of a
    /// file that names none.
    static LlamaConfig of(ModelConfig config, Biases biases, int positions) {
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
                config.amountOr("rms_norm_eps", 1e-6),
                rope(config, positions),
                config.booleanOr("tie_word_embeddings", false),
                biases,
                config.amountOr("initializer_range", 0.02),
                new Dropouts(0, Dropouts.share(config, "attention_dropout", 0), 0),
                SpecialIds.of(config),
                LayoutNames.llama());
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

    private static Rope rope(ModelConfig config, int unnamed) {
        int positions = counted(
                config, "max_position_embeddings", config.intOr("max_position_embeddings", unnamed), Integer.MAX_VALUE);
        double theta = config.positiveOr("rope_theta", 10_000);
        return config.object("rope_parameters")
                .or(() -> config.object("rope_scaling"))
                .map(scaling ->
                        new Rope(scaling.positiveOr("rope_theta", theta), scaling(scaling, positions), positions))
                .orElseGet(() -> new Rope(theta, new RotaryScaling.None(), positions));
    }

    private static RotaryScaling scaling(ModelConfig scaling, int positions) {
        String key = scaling.has("rope_type") ? "rope_type" : "type";
        return switch (scaling.stringOr(key, "default")) {
            case "default" -> new RotaryScaling.None();
            case "linear" -> new RotaryScaling.Linear(scaling.requirePositive("factor"));
            case "llama3" -> llama3(scaling, positions);
            default -> throw scaling.refused(key, "default, linear or llama3");
        };
    }

    private static RotaryScaling llama3(ModelConfig scaling, int positions) {
        double low = scaling.requirePositive("low_freq_factor");
        double high = scaling.requirePositive("high_freq_factor");
        if (high <= low) {
            throw scaling.refused("high_freq_factor", "above low_freq_factor " + low);
        }
        String original = "original_max_position_embeddings";
        return new RotaryScaling.Llama3(
                scaling.requirePositive("factor"),
                low,
                high,
                counted(scaling, original, scaling.intOr(original, positions), Integer.MAX_VALUE));
    }

    @Override
    public ModelFacts facts() {
        return facts(TYPE, Alignment.SHIFTED);
    }

    /// The facts of a family that has this layout.
    ModelFacts facts(String type, Alignment alignment) {
        int positions = Math.min(rope.maxPositions(), MOST_POSITIONS);
        return new ModelFacts(type, vocabularySize, width, layers, positions, special, alignment);
    }

    @Override
    public WrapperNaming naming() {
        return names.naming();
    }

    @Override
    public String headName() {
        return names.head();
    }

    @Override
    public boolean ignores(String name) {
        return name.endsWith(IGNORED);
    }

    @Override
    public double deviation(String name) {
        return initializerRange;
    }

    /// The same with the first `count` layers only.
    LlamaConfig withLayers(int count) {
        return new LlamaConfig(
                vocabularySize,
                width,
                feedForward,
                count,
                heads,
                normEpsilon,
                rope,
                tied,
                biases,
                initializerRange,
                dropouts,
                special,
                names);
    }

    @Override
    public LlamaConfig withTokens(int rows, SpecialIds ids) {
        return new LlamaConfig(
                rows,
                width,
                feedForward,
                layers,
                heads,
                normEpsilon,
                rope,
                tied,
                biases,
                initializerRange,
                dropouts,
                ids,
                names);
    }

    @Override
    public Llama model(WeightLoader weights) {
        return Llama.of(this, weights);
    }

    @Override
    public Map<String, Shape> weights() {
        Map<String, Shape> table = new LinkedHashMap<>();
        table.put(embeddingName(), Shape.of(vocabularySize, width));
        int queries = heads.queries() * heads.width();
        int keys = heads.keys() * heads.width();
        LayoutNames.Layer parts = names.layer();
        List<Shape> attention = parts.fused()
                ? List.of(Shape.of(queries + 2L * keys, width), Shape.of(width, queries))
                : List.of(
                        Shape.of(queries, width),
                        Shape.of(keys, width),
                        Shape.of(keys, width),
                        Shape.of(width, queries));
        Shape inside = Shape.of(parts.fused() ? 2L * feedForward : feedForward, width);
        Shape down = Shape.of(width, feedForward);
        List<Shape> mlp = parts.fused() ? List.of(inside, down) : List.of(inside, inside, down);
        for (int layer = 0; layer < layers; layer++) {
            String prefix = names.layer(layer);
            table.put(prefix + parts.attentionNorm() + ".weight", Shape.of(width));
            for (int n = 0; n < attention.size(); n++) {
                boolean bias = n < attention.size() - 1 ? biases.inputs() : biases.output();
                linear(table, prefix + parts.attention().get(n), attention.get(n), bias);
            }
            table.put(prefix + parts.feedForwardNorm() + ".weight", Shape.of(width));
            for (int n = 0; n < mlp.size(); n++) {
                linear(table, prefix + parts.feedForward().get(n), mlp.get(n), biases.feedForward());
            }
        }
        table.put(names.norm() + ".weight", Shape.of(width));
        if (!tied) {
            table.put(names.head(), Shape.of(vocabularySize, width));
        }
        return table;
    }

    private static void linear(Map<String, Shape> table, String path, Shape shape, boolean bias) {
        table.put(path + ".weight", shape);
        if (bias) {
            table.put(path + ".bias", Shape.of(shape.extent(0)));
        }
    }

    /// `config.json` as Hugging Face reads it; `tiedNow` says what the weights are now.
    String json(boolean tiedNow, String dtype) {
        ConfigJson json = ConfigJson.of("LlamaForCausalLM", TYPE);
        put(json.root());
        json.root()
                .put("head_dim", heads.width())
                .put("attention_bias", biases.output())
                .put("mlp_bias", biases.feedForward());
        return json.text(tiedNow, dtype, special);
    }

    /// The keys that every family of this layout has.
    void put(ObjectNode json) {
        json.put("vocab_size", vocabularySize)
                .put("hidden_size", width)
                .put("intermediate_size", feedForward)
                .put("num_hidden_layers", layers)
                .put("num_attention_heads", heads.queries())
                .put("num_key_value_heads", heads.keys())
                .put("hidden_act", "silu")
                .put("max_position_embeddings", rope.maxPositions())
                .put("rms_norm_eps", normEpsilon)
                .put("rope_theta", rope.theta())
                .put("initializer_range", initializerRange)
                .put("attention_dropout", dropouts.attention());
        putScaling(json);
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
