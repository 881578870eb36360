package org.panamask.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.panamask.checkpoint.WrapperNaming;
import org.panamask.diffusion.Canvas;
import org.panamask.nn.Attention;
import org.panamask.nn.LayerRows;
import org.panamask.nn.Linear;
import org.panamask.nn.Parameters;
import org.panamask.nn.RmsNorm;
import org.panamask.nn.Rotary;
import org.panamask.nn.SwiGlu;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Llama 2 and 3: rotary positions, grouped keys, gated feed-forward, root-mean-square norms. Who sees whom is the
/// canvas's business, so the same weights serve as a causal model and as a diffusion model.
///
/// @see <a href="https://arxiv.org/abs/2302.13971">Touvron et al. 2023</a>
public final class Llama implements Model {
    static final String EMBEDDING = "model.embed_tokens.weight";

    private final LlamaConfig config;
    private final List<Block> blocks;
    private final RmsNorm norm;
    private final Rotary rotary;
    private Weight embedding;
    private Weight head;

    /// One layer.
    private record Block(RmsNorm attentionNorm, Attention attention, RmsNorm mlpNorm, SwiGlu mlp) {
        Tensor forward(Ops ops, Tensor x, LayerRows rows, Rotary rotary) { // x [N, D]
            Tensor mixed = attention.forward(ops, attentionNorm.forward(ops, x), rows, rotary);
            Tensor y = ops.add(rows.pick(ops, x), mixed); // [R, D]
            return ops.add(y, mlp.forward(ops, mlpNorm.forward(ops, y), rows.wanted()));
        }

        static Block of(LlamaConfig config, WeightLoader weights, int layer) {
            String prefix = layer(layer);
            return new Block(
                    weights.rmsNorm(prefix + "input_layernorm", config.normEpsilon()),
                    new Attention(
                            weights.linear(prefix + "self_attn.q_proj"),
                            weights.linear(prefix + "self_attn.k_proj"),
                            weights.linear(prefix + "self_attn.v_proj"),
                            weights.linear(prefix + "self_attn.o_proj"),
                            config.heads()),
                    weights.rmsNorm(prefix + "post_attention_layernorm", config.normEpsilon()),
                    new SwiGlu(
                            weights.linear(prefix + "mlp.gate_proj"),
                            weights.linear(prefix + "mlp.up_proj"),
                            weights.linear(prefix + "mlp.down_proj")));
        }

        Stream<Linear> linears() {
            return Stream.concat(attention.linears().stream(), mlp.linears().stream());
        }

        Stream<Weight> weights() {
            return Stream.of(
                            Stream.of(attentionNorm.gain()),
                            attention.linears().stream().flatMap(linear -> linear.weights().stream()),
                            Stream.of(mlpNorm.gain()),
                            mlp.linears().stream().flatMap(linear -> linear.weights().stream()))
                    .flatMap(part -> part);
        }
    }

    private Llama(LlamaConfig config, WeightLoader weights) {
        this.config = config;
        this.embedding = weights.take(EMBEDDING);
        List<Block> layers = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            layers.add(Block.of(config, weights, layer));
        }
        this.blocks = List.copyOf(layers);
        this.norm = weights.rmsNorm("model.norm", config.normEpsilon());
        this.head = config.tied() ? embedding : weights.take(HEAD);
        LlamaConfig.Rope rope = config.rope();
        this.rotary = Rotary.create(
                weights.ops(),
                weights.owner(),
                rope.scaling().frequencies(rope.theta(), config.heads().width()),
                config.facts().maxPositions());
    }

    /// A Llama with the weights of `weights`, whose table is [LlamaConfig#weights].
    public static Llama of(LlamaConfig config, WeightLoader weights) {
        return new Llama(config, weights);
    }

    static String layer(int layer) {
        return "model.layers." + layer + ".";
    }

    @Override
    public Tensor hidden(Ops ops, Canvas canvas) {
        CanvasRows rows = CanvasRows.upload(ops, canvas, facts());
        Tensor ids = ops.upload(Shape.of(canvas.ids().length), canvas.ids());
        int last = blocks.size() - 1;
        Tensor x = ops.chain(
                "layers",
                ops.embedding(ids, embedding), // [N, D]
                blocks.size(),
                (layer, y) -> blocks.get(layer).forward(ops, y, layer == last ? rows.last() : rows.inner(), rotary));
        return norm.forward(ops, x); // [R, D]
    }

    @Override
    public Weight head() {
        return head;
    }

    /// The settings it was made from.
    public LlamaConfig config() {
        return config;
    }

    /// Its rotary tables.
    public Rotary rotary() {
        return rotary;
    }

    @Override
    public ModelFacts facts() {
        return config.facts();
    }

    @Override
    public Parameters parameters() {
        Parameters parameters = Parameters.of(
                Stream.of(Stream.of(embedding), blocks.stream().flatMap(Block::weights), Stream.of(norm.gain()))
                        .flatMap(part -> part)
                        .toList());
        return isTied() ? parameters : parameters.and(HEAD, head);
    }

    /// The same weight, not an equal one.
    boolean isTied() {
        return head.equals(embedding);
    }

    @Override
    public List<Linear> linears() {
        return blocks.stream().flatMap(Block::linears).toList();
    }

    @Override
    public WrapperNaming naming() {
        return config.naming();
    }

    @Override
    public List<String> replaceable() {
        return Stream.concat(Stream.of(EMBEDDING, HEAD), linears().stream().map(linear -> linear.path() + ".weight"))
                .toList();
    }

    @Override
    public void replace(String name, Weight weight) {
        Weight old = parameters().byName().get(name);
        if (old != null && !old.shape().equals(weight.shape())) {
            throw new ModelException(
                    "replace " + name + ": a weight " + old.shape() + " is needed, but got " + weight.shape());
        }
        Optional<Linear> linear = linears().stream()
                .filter(one -> name.equals(one.path() + ".weight"))
                .findFirst();
        if (name.equals(EMBEDDING)) {
            embedding = weight;
        } else if (name.equals(HEAD)) {
            head = weight;
        } else if (linear.isPresent()) {
            linear.get().replace(weight);
        } else {
            throw new ModelException("replace " + name
                    + ": only linear maps, the embedding and the head can be replaced; leave it out of the adapter");
        }
    }

    @Override
    public String configJson(String dtype) {
        return config.json(isTied(), dtype);
    }
}
