package org.panamask.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.checkpoint.WrapperNaming;
import org.panamask.diffusion.Alignment;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.Shape;

/// The settings of a GPT-2. Files keep the matrices of its linear maps as `[in, out]`.
///
/// @param vocabularySize V
/// @param positions the longest text
/// @param width D
/// @param layers how many
/// @param heads of the attention, a divisor of D
/// @param feedForward F, the width inside the feed-forward part
/// @param normEpsilon added to the variance in norms
/// @param dropouts what training drops
/// @param tied whether the head is the embedding table
/// @param initializerRange standard deviation of a random start
/// @param special token ids with a meaning
public record Gpt2Config(
        int vocabularySize,
        int positions,
        int width,
        int layers,
        int heads,
        int feedForward,
        double normEpsilon,
        Dropouts dropouts,
        boolean tied,
        double initializerRange,
        SpecialIds special)
        implements Architecture {
    static final String TYPE = "gpt2";
    static final String POSITIONS = "transformer.wpe.weight";
    static final String NORM = "transformer.ln_f";
    private static final WrapperNaming NAMING =
            new WrapperNaming("transformer.", "transformer.wte.", List.of("h.", "wte.", "wpe.", "ln_f."));
    private static final int MOST_LAYERS = 1000;
    private static final Set<String> ACTIVATIONS = Set.of("gelu_new", "gelu_pytorch_tanh");
    private static final Set<String> LINEARS = Set.of("c_attn", "c_proj", "c_fc");

    /// A GPT-2 with a tied head, the usual numbers and no dropout.
    public static Gpt2Config of(int vocabularySize, int width, int layers, int heads, int positions) {
        return new Gpt2Config(
                vocabularySize,
                positions,
                width,
                layers,
                heads,
                4 * width,
                1e-5,
                Dropouts.none(),
                true,
                0.02,
                SpecialIds.none());
    }

    /// Reads `config.json`.
    ///
    /// @throws CheckpointException if a setting is missing, out of range or not supported
    public static Gpt2Config of(ModelConfig config) {
        requirePlain(config);
        int width = counted(config, "n_embd", config.requireInt("n_embd"), Integer.MAX_VALUE / 4);
        int heads = counted(config, "n_head", config.requireInt("n_head"), width);
        if (width % heads != 0) {
            throw config.refused("n_head", "a divisor of n_embd " + width);
        }
        return new Gpt2Config(
                counted(config, "vocab_size", config.requireInt("vocab_size"), Integer.MAX_VALUE),
                counted(config, "n_positions", config.intOr("n_positions", 1024), Integer.MAX_VALUE),
                width,
                counted(config, "n_layer", config.requireInt("n_layer"), MOST_LAYERS),
                heads,
                counted(config, "n_inner", config.intOr("n_inner", 4 * width), Integer.MAX_VALUE),
                config.amountOr("layer_norm_epsilon", 1e-5),
                new Dropouts(
                        Dropouts.share(config, "embd_pdrop", 0.1),
                        Dropouts.share(config, "attn_pdrop", 0.1),
                        Dropouts.share(config, "resid_pdrop", 0.1)),
                config.booleanOr("tie_word_embeddings", true),
                config.amountOr("initializer_range", 0.02),
                SpecialIds.of(config));
    }

    private static void requirePlain(ModelConfig config) {
        if (!ACTIVATIONS.contains(config.stringOr("activation_function", "gelu_new"))) {
            throw config.refused("activation_function", "gelu_new");
        }
        if (!config.booleanOr("scale_attn_weights", true)) {
            throw config.refused("scale_attn_weights", "true");
        }
        for (String key :
                List.of("scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn", "add_cross_attention")) {
            if (config.booleanOr(key, false)) {
                throw config.refused(key, "false");
            }
        }
    }

    private static int counted(ModelConfig config, String key, int value, int most) {
        if (value < 1 || value > most) {
            throw config.refused(key, "from 1 to " + most);
        }
        return value;
    }

    @Override
    public ModelFacts facts() {
        return new ModelFacts(TYPE, vocabularySize, width, layers, positions, special, Alignment.SHIFTED);
    }

    @Override
    public Map<String, Shape> weights() {
        Map<String, Shape> table = new LinkedHashMap<>();
        table.put(embeddingName(), Shape.of(vocabularySize, width));
        table.put(POSITIONS, Shape.of(positions, width));
        for (int layer = 0; layer < layers; layer++) {
            String prefix = Gpt2.layer(layer);
            norm(table, prefix + "ln_1");
            linear(table, prefix + "attn.c_attn", 3L * width, width);
            linear(table, prefix + "attn.c_proj", width, width);
            norm(table, prefix + "ln_2");
            linear(table, prefix + "mlp.c_fc", feedForward, width);
            linear(table, prefix + "mlp.c_proj", width, feedForward);
        }
        norm(table, NORM);
        if (!tied) {
            table.put(Model.HEAD, Shape.of(vocabularySize, width));
        }
        return table;
    }

    private void norm(Map<String, Shape> table, String path) {
        table.put(path + ".weight", Shape.of(width));
        table.put(path + ".bias", Shape.of(width));
    }

    private static void linear(Map<String, Shape> table, String path, long out, long in) {
        table.put(path + ".weight", Shape.of(out, in));
        table.put(path + ".bias", Shape.of(out));
    }

    @Override
    public WrapperNaming naming() {
        return NAMING;
    }

    @Override
    public boolean transposed(String name) {
        return LINEARS.stream().anyMatch(linear -> name.endsWith("." + linear + ".weight"));
    }

    @Override
    public boolean ignores(String name) {
        return name.endsWith(".attn.bias") || name.endsWith(".attn.masked_bias");
    }

    /// What a layer adds is smaller the more layers there are.
    @Override
    public double deviation(String name) {
        return name.endsWith(".c_proj.weight") ? initializerRange / Math.sqrt(2.0 * layers) : initializerRange;
    }

    @Override
    public Gpt2Config withTokens(int rows, SpecialIds ids) {
        return new Gpt2Config(
                rows, positions, width, layers, heads, feedForward, normEpsilon, dropouts, tied, initializerRange, ids);
    }

    @Override
    public Gpt2 model(WeightLoader weights) {
        return Gpt2.of(this, weights);
    }

    String json(boolean tiedNow, String dtype) {
        ConfigJson json = ConfigJson.of("GPT2LMHeadModel", TYPE);
        json.root()
                .put("vocab_size", vocabularySize)
                .put("n_positions", positions)
                .put("n_ctx", positions)
                .put("n_embd", width)
                .put("n_layer", layers)
                .put("n_head", heads)
                .put("n_inner", feedForward)
                .put("activation_function", "gelu_new")
                .put("embd_pdrop", dropouts.embedding())
                .put("attn_pdrop", dropouts.attention())
                .put("resid_pdrop", dropouts.residual())
                .put("layer_norm_epsilon", normEpsilon)
                .put("initializer_range", initializerRange);
        return json.text(tiedNow, dtype, special);
    }
}
