package org.panamask.verify;

import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.KeyCache;
import org.panamask.diffusion.SoftEmbeddings;
import org.panamask.model.LlamaFamily;
import org.panamask.nn.Rows;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import tools.jackson.databind.JsonNode;

/// Passes of the model alone over the canvases that an engine recorded, each with the cache that those before it have
/// filled.
final class CachedPasses implements AutoCloseable {
    private final SamplerCase fixture;
    private final Device.Loaded loaded;
    private final Deviations deviations;
    private final KeyCache cache;
    private final int[] ids;
    private final int prompt;

    private CachedPasses(SamplerCase fixture, Device.Loaded loaded, Deviations deviations) {
        this.fixture = fixture;
        this.loaded = loaded;
        this.deviations = deviations;
        this.prompt = fixture.ints(fixture.input("prompt_ids")).length;
        this.ids = fixture.ints(fixture.output("final_ids")).clone();
        Arrays.fill(ids, prompt, ids.length, fixture.input("mask_id").asInt());
        this.cache = KeyCache.open(loaded, loaded.model().keyRoom(), 1, ids.length);
    }

    /// Compares the logits of every pass of Fast-dLLM, and the cache after the first where it is recorded.
    static void ofFastdllm(SamplerCase fixture, Device.Loaded loaded, Deviations deviations) {
        try (CachedPasses passes = new CachedPasses(fixture, loaded, deviations)) {
            passes.fastdllm();
        }
    }

    /// Compares the logits of the last pass of dInfer.
    static void ofDinfer(SamplerCase fixture, Device.Loaded loaded, Deviations deviations) {
        try (CachedPasses passes = new CachedPasses(fixture, loaded, deviations)) {
            if (fixture.setting("smooth").asBoolean(false)) {
                passes.soft();
            } else {
                passes.dinfer();
            }
        }
    }

    @Override
    public void close() {
        cache.close();
    }

    private void fastdllm() {
        double[] want = fixture.doubles(fixture.output("block_logits"));
        int block = (int) fixture.shape(fixture.output("block_logits"))[1];
        int size = want.length / fixture.output("passes").size();
        int pass = 0;
        for (JsonNode node : fixture.output("passes")) {
            int from = prompt + node.path("block").asInt() * block;
            int[] fed = switch (node.path("kind").asString()) {
                case "full" -> span(0, ids.length);
                case "suffix" -> span(from, ids.length);
                default -> span(from, from + block);
            };
            double[] got = logits(fed, fed, from, from + block);
            compare("block_logits of pass " + pass, got, Arrays.copyOfRange(want, pass * size, (pass + 1) * size));
            if (pass == 0 && fixture.output("cache_of_first_pass").isObject()) {
                compareCache();
            }
            open(
                    node.path("generated").isMissingNode()
                            ? fixture.output("generated_after_pass").path(pass)
                            : node.path("generated"));
            pass++;
        }
    }

    private void dinfer() {
        boolean passing = fixture.setting("prefix_look").isNumber();
        double[] got = {};
        for (JsonNode node : fixture.output("passes")) {
            int[] fed = fed(node);
            int[] kept = passing && node.path("cached").asBoolean() ? new int[0] : fed;
            got = logits(fed, kept, fed[0], fed[0] + fed.length);
            open(node.path("generated"));
        }
        compare("last_logits", got, fixture.doubles(fixture.output("last_logits")));
    }

    /// Each pass adds to masks what the pass that last showed them let expect, with that pass's weight.
    private void soft() {
        double init = fixture.setting("cont_weight_init").asDouble();
        double growth = fixture.setting("cont_weight_growth").asDouble();
        double most = fixture.setting("cont_weight").asDouble();
        BitSet known = new BitSet();
        try (SoftEmbeddings soft = SoftEmbeddings.open(loaded, loaded.model(), 1, ids.length)) {
            double[] got = {};
            int pass = 0;
            for (JsonNode node : fixture.output("passes")) {
                int[] fed = fed(node);
                int mask = fixture.input("mask_id").asInt();
                int[] masks = Arrays.stream(fed).filter(row -> ids[row] == mask).toArray();
                Canvas canvas = Canvas.of(1, ids.length, ids)
                        .withCache(cache, fed, fed)
                        .withSoft(soft, Arrays.stream(masks).filter(known::get).toArray());
                double weight = Math.min(init + growth * pass, most);
                got = loaded.run(ops -> {
                    Tensor hidden = loaded.model().hidden(ops, canvas);
                    int[] places = Arrays.stream(masks).map(row -> row - fed[0]).toArray();
                    Tensor of = ops.gatherRows(hidden, ops.upload(Shape.of(places.length), places));
                    soft.expect(ops, loaded.model(), of, masks, weight);
                    return ops.doubles(ops.logits(hidden, loaded.model().head()));
                });
                Arrays.stream(masks).forEach(known::set);
                open(node.path("generated"));
                pass++;
            }
            compare("last_logits", got, fixture.doubles(fixture.output("last_logits")));
        }
    }

    /// The rows that a pass of dInfer feeds.
    private int[] fed(JsonNode pass) {
        JsonNode replaced = pass.path("replace");
        return replaced.isArray()
                ? span(replaced.path(0).asInt(), replaced.path(1).asInt())
                : span(0, ids.length);
    }

    private static int[] span(int from, int to) {
        return IntStream.range(from, to).toArray();
    }

    /// The logits of the rows `[from, to)` of a pass that feeds `fed`.
    private double[] logits(int[] fed, int[] kept, int from, int to) {
        Canvas canvas =
                Canvas.of(1, ids.length, ids).withCache(cache, fed, kept).withRows(span(from, to));
        return loaded.run(ops -> ForwardCases.logits(ops, loaded, canvas));
    }

    private void open(JsonNode generated) {
        int[] now = fixture.ints(generated);
        System.arraycopy(now, 0, ids, prompt, now.length);
    }

    private void compare(String what, double[] got, double[] want) {
        deviations.compare(what, got, want, Deviations.Nearness.ofLogits(fixture));
    }

    /// Recorded keys are not rotated yet; LLaDA's are `[1, K, T, d]`, Dream's `[1, T, K * d]`.
    private void compareCache() {
        if (!(loaded.model() instanceof LlamaFamily model)) {
            throw new FixtureException(fixture.name() + ": a cache is recorded of a model that rotates no keys");
        }
        int heads = model.layers().config().heads().keys();
        for (int layer = 0; layer < cache.layers().size(); layer++) {
            KeyCache.Layer kept = cache.layers().get(layer);
            double[] keys = rowwise("layer" + layer + "_key", heads);
            double[] rotated = loaded.run(ops -> ops.doubles(rotated(ops, model, keys)));
            compare("keys of layer " + layer, loaded.run(ops -> ops.doubles(kept.keys())), rotated);
            compare(
                    "values of layer " + layer,
                    loaded.run(ops -> ops.doubles(kept.values())),
                    rowwise("layer" + layer + "_value", heads));
        }
    }

    private Tensor rotated(Ops ops, LlamaFamily model, double[] keys) {
        int heads = model.layers().config().heads().keys();
        int width = model.layers().config().heads().width();
        return ops.rotate(
                ops.upload(Shape.of(ids.length, heads, width), keys),
                model.rotary().at(Rows.upload(ops, span(0, ids.length))));
    }

    private double[] rowwise(String tensor, int heads) {
        JsonNode recorded = fixture.output("cache_of_first_pass").path(tensor);
        double[] values = fixture.doubles(recorded);
        long[] shape = fixture.shape(recorded);
        if (shape.length == 3) {
            return values;
        }
        int tokens = (int) shape[2];
        int width = (int) shape[3];
        double[] rows = new double[values.length];
        for (int n = 0; n < values.length; n++) {
            int head = n / (tokens * width);
            int token = n / width % tokens;
            rows[(token * heads + head) * width + n % width] = values[n];
        }
        return rows;
    }
}
