package org.panamask.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.KeyCache;
import org.panamask.nn.Dropout;
import org.panamask.nn.LayerNorm;
import org.panamask.nn.LayerRows;
import org.panamask.nn.Linear;
import org.panamask.nn.Parameters;
import org.panamask.nn.Rows;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// GPT-2: learned positions, norms with mean and bias, a plain feed-forward part. DiffuGPT is one of these.
///
/// @see <a href="https://github.com/openai/gpt-2">Radford et al. 2019</a>
public final class Gpt2 implements Model {
    private static final int LINEARS_OF_A_LAYER = 4;

    private final Gpt2Config config;
    private final TokenTables tables;
    private final Weight positions;
    private final Dropout dropout;
    private final List<Block> blocks;
    private final LayerNorm norm;

    /// Attention whose three inputs are columns of one map.
    private record Attention(Linear inputs, Linear output, int heads, Dropout probabilities, Dropout result) {
        Tensor forward(Ops ops, Tensor x, LayerRows rows) { // x [N, D]
            long width = x.shape().extent(1);
            Tensor all = inputs.forward(ops, x, rows.all()); // [N, 3 D]
            Tensor mixed = ops.attention(
                    split(rows.pick(ops, ops.columns(all, 0, width))), // [R, H, d]
                    rows.keys(ops, split(ops.columns(all, width, width))), // [N, H, d]
                    rows.values(ops, split(ops.columns(all, 2 * width, width))),
                    rows.mask(),
                    probabilities.key(rows.wanted()));
            Tensor joined = mixed.reshape(mixed.shape().extent(0), width);
            return result.forward(ops, output.forward(ops, joined, rows.wanted()), rows.wanted());
        }

        private Tensor split(Tensor x) {
            return x.reshape(x.shape().extent(0), heads, x.shape().extent(1) / heads);
        }
    }

    /// The feed-forward part.
    private record Mlp(Linear up, Linear down, Dropout result) {
        Tensor forward(Ops ops, Tensor x, Rows rows) { // x [R, D]
            Tensor inside = ops.gelu(up.forward(ops, x, rows)); // [R, F]
            return result.forward(ops, down.forward(ops, inside, rows), rows);
        }
    }

    /// One layer.
    private record Block(LayerNorm attentionNorm, Attention attention, LayerNorm mlpNorm, Mlp mlp) {
        Tensor forward(Ops ops, Tensor x, LayerRows rows) { // x [N, D]
            Tensor mixed = attention.forward(ops, attentionNorm.forward(ops, x), rows);
            Tensor y = ops.add(rows.pick(ops, x), mixed); // [R, D]
            return ops.add(y, mlp.forward(ops, mlpNorm.forward(ops, y), rows.wanted()));
        }

        static Block of(Gpt2Config config, WeightLoader weights, int layer) {
            String prefix = layer(layer);
            Dropouts.Sites dropouts = sites(config);
            return new Block(
                    weights.layerNorm(prefix + "ln_1", config.normEpsilon()),
                    new Attention(
                            weights.linear(prefix + "attn.c_attn"),
                            weights.linear(prefix + "attn.c_proj"),
                            config.heads(),
                            dropouts.probabilities(layer),
                            dropouts.attended(layer)),
                    weights.layerNorm(prefix + "ln_2", config.normEpsilon()),
                    new Mlp(
                            weights.linear(prefix + "mlp.c_fc"),
                            weights.linear(prefix + "mlp.c_proj"),
                            dropouts.fed(layer)));
        }

        Stream<Linear> linears() {
            return Stream.of(attention.inputs(), attention.output(), mlp.up(), mlp.down());
        }

        Stream<Weight> weights() {
            return Stream.of(
                            attentionNorm.weights(),
                            attention.inputs().weights(),
                            attention.output().weights(),
                            mlpNorm.weights(),
                            mlp.up().weights(),
                            mlp.down().weights())
                    .flatMap(List::stream);
        }
    }

    private Gpt2(Gpt2Config config, WeightLoader weights) {
        this.config = config;
        this.tables = TokenTables.of(config, weights);
        this.positions = weights.take(Gpt2Config.POSITIONS);
        this.dropout = sites(config).embedding();
        List<Block> layers = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            layers.add(Block.of(config, weights, layer));
        }
        this.blocks = List.copyOf(layers);
        this.norm = weights.layerNorm(Gpt2Config.NORM, config.normEpsilon());
    }

    /// A GPT-2 with the weights of `weights`, whose table is [Gpt2Config#weights].
    public static Gpt2 of(Gpt2Config config, WeightLoader weights) {
        return new Gpt2(config, weights);
    }

    static String layer(int layer) {
        return "transformer.h." + layer + ".";
    }

    private static Dropouts.Sites sites(Gpt2Config config) {
        return config.dropouts().after(config.layers() * LINEARS_OF_A_LAYER);
    }

    @Override
    public Tensor hidden(Ops ops, Canvas canvas) {
        CanvasRows rows = CanvasRows.upload(ops, canvas, facts());
        Rows all = rows.inner().all();
        Tensor tokens = rows.softened(ops, ops.embedding(rows.ids(ops), tables.embedding())); // [N, D]
        Tensor placed = ops.add(tokens, ops.embedding(all.positions(), positions));
        Tensor x = rows.through(
                ops,
                dropout.forward(ops, placed, all),
                blocks.size(),
                (layer, y, of) -> blocks.get(layer).forward(ops, y, of));
        return norm.forward(ops, x); // [R, D]
    }

    @Override
    public Weight embedding() {
        return tables.embedding();
    }

    @Override
    public Weight head() {
        return tables.head();
    }

    @Override
    public KeyCache.Room keyRoom() {
        return new KeyCache.Room(blocks.size(), Math.toIntExact(head().shape().last()));
    }

    @Override
    public Gpt2Config config() {
        return config;
    }

    @Override
    public Parameters parameters() {
        return tables.parameters(
                Stream.of(Stream.of(positions), blocks.stream().flatMap(Block::weights), norm.weights().stream())
                        .flatMap(part -> part));
    }

    @Override
    public List<Linear> linears() {
        return blocks.stream().flatMap(Block::linears).toList();
    }

    @Override
    public List<String> replaceable() {
        return tables.replaceable(linears());
    }

    @Override
    public void replace(String name, Weight weight) {
        tables.replace(name, weight, linears());
    }

    @Override
    public String configJson(String dtype) {
        return config.json(tables.isTied(), dtype);
    }
}
