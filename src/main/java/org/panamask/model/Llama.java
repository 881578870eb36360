package org.panamask.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.KeyCache;
import org.panamask.nn.Attention;
import org.panamask.nn.Dropout;
import org.panamask.nn.LayerRows;
import org.panamask.nn.Linear;
import org.panamask.nn.Parameters;
import org.panamask.nn.RmsNorm;
import org.panamask.nn.Rotary;
import org.panamask.nn.RowMap;
import org.panamask.nn.SwiGlu;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Llama 2 and 3: rotary positions, grouped keys, gated feed-forward, root-mean-square norms. Who sees whom is the
/// canvas's business, so the same weights serve as a causal model and as a diffusion model.
///
/// @see <a href="https://arxiv.org/abs/2302.13971">Touvron et al. 2023</a>
public final class Llama implements Model {

    private final LlamaConfig config;
    private final List<Block> blocks;
    private final RmsNorm norm;
    private final Rotary rotary;
    private final TokenTables tables;
    private final Dropout dropout;

    /// What of a layer's results training drops before they are added.
    private record Results(Dropout attended, Dropout fed) {}

    /// One layer.
    private record Block(RmsNorm attentionNorm, Attention attention, RmsNorm mlpNorm, SwiGlu mlp, Results results) {
        Tensor forward(Ops ops, Tensor x, LayerRows rows, Rotary rotary) { // x [N, D]
            Tensor mixed = attention.forward(ops, attentionNorm.forward(ops, x), rows, rotary);
            Tensor y = ops.add(rows.pick(ops, x), results.attended().forward(ops, mixed, rows.wanted())); // [R, D]
            Tensor inside = mlp.forward(ops, mlpNorm.forward(ops, y), rows.wanted());
            return ops.add(y, results.fed().forward(ops, inside, rows.wanted()));
        }

        static Block of(LlamaConfig config, WeightLoader weights, int layer) {
            LayoutNames.Layer names = config.names().layer();
            String prefix = config.names().layer(layer);
            return new Block(
                    weights.rmsNorm(prefix + names.attentionNorm(), config.normEpsilon()),
                    attention(config, layer, weights.linears(prefix, names.attention())),
                    weights.rmsNorm(prefix + names.feedForwardNorm(), config.normEpsilon()),
                    swiGlu(config, weights.linears(prefix, names.feedForward())),
                    new Results(sites(config).attended(layer), sites(config).fed(layer)));
        }

        private static Attention attention(LlamaConfig config, int layer, List<Linear> maps) {
            Attention.Heads heads = config.heads();
            Dropout probabilities = sites(config).probabilities(layer);
            if (!config.names().layer().fused()) {
                return new Attention(maps.get(0), maps.get(1), maps.get(2), maps.get(3), heads, probabilities);
            }
            long queries = (long) heads.queries() * heads.width();
            long keys = (long) heads.keys() * heads.width();
            Linear inputs = maps.getFirst();
            return new Attention(
                    new RowMap.Part(inputs, 0, queries),
                    new RowMap.Part(inputs, queries, keys),
                    new RowMap.Part(inputs, queries + keys, keys),
                    maps.getLast(),
                    heads,
                    probabilities);
        }

        private static SwiGlu swiGlu(LlamaConfig config, List<Linear> maps) {
            if (!config.names().layer().fused()) {
                return new SwiGlu(maps.get(0), maps.get(1), maps.get(2));
            }
            Linear inputs = maps.getFirst();
            int width = config.feedForward();
            return new SwiGlu(new RowMap.Part(inputs, width, width), new RowMap.Part(inputs, 0, width), maps.getLast());
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
        this.tables = TokenTables.of(config, weights);
        this.dropout = sites(config).embedding();
        List<Block> layers = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            layers.add(Block.of(config, weights, layer));
        }
        this.blocks = List.copyOf(layers);
        this.norm = weights.rmsNorm(config.names().norm(), config.normEpsilon());
        LlamaConfig.Rope rope = config.rope();
        this.rotary = Rotary.create(
                weights.ops(),
                weights.owner(),
                rope.scaling().frequencies(rope.theta(), config.heads().width()),
                config.facts().maxPositions());
    }

    private static Dropouts.Sites sites(LlamaConfig config) {
        LayoutNames.Layer names = config.names().layer();
        int linears = names.attention().size() + names.feedForward().size();
        return config.dropouts().after(config.layers() * linears);
    }

    /// A Llama with the weights of `weights`, whose table is [LlamaConfig#weights].
    public static Llama of(LlamaConfig config, WeightLoader weights) {
        return new Llama(config, weights);
    }

    @Override
    public Tensor hidden(Ops ops, Canvas canvas) {
        CanvasRows rows = CanvasRows.upload(ops, canvas, facts()).withEqualTokens(ops);
        Tensor tokens = rows.softened(ops, ops.embedding(rows.ids(ops), tables.embedding())); // [N, D]
        Tensor x = rows.through(
                ops,
                dropout.forward(ops, tokens, rows.inner().all()),
                blocks.size(),
                (layer, y, of) -> blocks.get(layer).forward(ops, y, of, rotary));
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
        return new KeyCache.Room(
                blocks.size(), config.heads().keys() * config.heads().width());
    }

    @Override
    public LlamaConfig config() {
        return config;
    }

    /// Its rotary tables.
    public Rotary rotary() {
        return rotary;
    }

    @Override
    public Parameters parameters() {
        return tables.parameters(Stream.concat(blocks.stream().flatMap(Block::weights), Stream.of(norm.gain())));
    }

    boolean isTied() {
        return tables.isTied();
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
