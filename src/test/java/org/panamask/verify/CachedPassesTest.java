package org.panamask.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.KeyCache;
import org.panamask.diffusion.SoftEmbeddings;
import org.panamask.model.LlamaFamily;
import org.panamask.nn.Rows;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import tools.jackson.databind.JsonNode;

/// Cached passes over the canvases that reference engines recorded: the model alone, without a sampler.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CachedPassesTest {
    private static final Path FIXTURES =
            Path.of(System.getProperty("panamask.fixtures", "src/test/resources/fixtures"));

    private Backend backend;

    @BeforeAll
    void start() {
        backend = Backends.open(BackendSettings.defaults());
    }

    @AfterAll
    void stop() {
        backend.close();
        assertThat(backend.ledger().total()).isZero();
    }

    static Stream<SamplerCase> recorded() {
        return cases("fastdllm_llada", "fastdllm_factor", "dream_fastdllm")
                .filter(fixture -> !fixture.output("block_logits").isMissingNode());
    }

    static Stream<SamplerCase> last() {
        return cases("dinfer")
                .filter(fixture -> !fixture.output("last_logits").isMissingNode()
                        && !fixture.setting("smooth").asBoolean());
    }

    private static Stream<SamplerCase> cases(String... kinds) {
        return FixtureFolder.families(FIXTURES).stream()
                .flatMap(family -> family.cases().stream())
                .filter(SamplerCase.class::isInstance)
                .map(SamplerCase.class::cast)
                .filter(fixture -> Arrays.asList(kinds).contains(fixture.kind()));
    }

    /// One recorded case on its model, with the cache that its passes fill.
    private record Replay(SamplerCase fixture, Device.Loaded loaded, int[] ids, KeyCache cache)
            implements AutoCloseable {
        static Replay of(SamplerCase fixture, Backend backend) {
            Device.Loaded loaded =
                    new Device(backend, Precision.F32).load(fixture.model().orElseThrow(), false);
            int[] prompt = fixture.ints(fixture.input("prompt_ids"));
            int[] ids = fixture.ints(fixture.output("final_ids")).clone();
            Arrays.fill(ids, prompt.length, ids.length, fixture.input("mask_id").asInt());
            return new Replay(
                    fixture, loaded, ids, KeyCache.open(loaded, loaded.model().keyRoom(), 1, ids.length));
        }

        int prompt() {
            return fixture.ints(fixture.input("prompt_ids")).length;
        }

        /// The logits of the rows `[from, to)` of a pass that feeds `fed`.
        double[] logits(int[] fed, int[] kept, int from, int to) {
            Canvas canvas = Canvas.of(1, ids.length, ids)
                    .withCache(cache, fed, kept)
                    .withRows(IntStream.range(from, to).toArray());
            return loaded.run(ops -> ForwardCases.logits(ops, loaded, canvas));
        }

        /// The rows that a pass of dInfer feeds.
        int[] fed(JsonNode pass) {
            JsonNode replaced = pass.path("replace");
            return replaced.isArray()
                    ? span(replaced.path(0).asInt(), replaced.path(1).asInt())
                    : span(0, ids.length);
        }

        int[] masks(int[] rows) {
            int mask = fixture.input("mask_id").asInt();
            return Arrays.stream(rows).filter(row -> ids[row] == mask).toArray();
        }

        void open(int[] generated) {
            System.arraycopy(generated, 0, ids, prompt(), generated.length);
        }

        void compare(String what, double[] got, double[] want) {
            assertThat(got).as(what).hasSameSizeAs(want);
            Deviations.Nearness near = Deviations.Nearness.ofLogits(fixture);
            for (int n = 0; n < got.length; n++) {
                if (!(Math.abs(got[n] - want[n]) <= near.of(want[n]))) {
                    fail("%s %s [%d]: %s instead of %s", fixture.name(), what, n, got[n], want[n]);
                }
            }
        }

        @Override
        public void close() {
            cache.close();
            loaded.close();
        }
    }

    private static int[] span(int from, int to) {
        return IntStream.range(from, to).toArray();
    }

    @ParameterizedTest
    @MethodSource("recorded")
    void everyPassGivesTheLogitsOfTheReference(SamplerCase fixture) {
        try (Replay replay = Replay.of(fixture, backend)) {
            double[] want = fixture.doubles(fixture.output("block_logits"));
            int block = (int) fixture.shape(fixture.output("block_logits"))[1];
            int size = want.length / fixture.output("passes").size();
            int pass = 0;
            for (JsonNode node : fixture.output("passes")) {
                int from = replay.prompt() + node.path("block").asInt() * block;
                int length = replay.ids().length;
                int[] fed = switch (node.path("kind").asString()) {
                    case "full" -> span(0, length);
                    case "suffix" -> span(from, length);
                    default -> span(from, from + block);
                };
                double[] got = replay.logits(fed, fed, from, from + block);
                replay.compare("pass " + pass, got, Arrays.copyOfRange(want, pass * size, (pass + 1) * size));
                if (pass == 0 && fixture.output("cache_of_first_pass").isObject()) {
                    compareCache(replay);
                }
                JsonNode generated = node.path("generated").isMissingNode()
                        ? fixture.output("generated_after_pass").path(pass)
                        : node.path("generated");
                replay.open(fixture.ints(generated));
                pass++;
            }
            assertThat(replay.ids()).isEqualTo(fixture.ints(fixture.output("final_ids")));
        }
    }

    /// Recorded keys are not rotated yet; LLaDA's are `[1, K, T, d]`, Dream's `[1, T, K * d]`.
    private static void compareCache(Replay replay) {
        LlamaFamily model = (LlamaFamily) replay.loaded().model();
        JsonNode recorded = replay.fixture().output("cache_of_first_pass");
        for (int layer = 0; layer < replay.cache().layers().size(); layer++) {
            KeyCache.Layer kept = replay.cache().layers().get(layer);
            JsonNode key = recorded.path("layer" + layer + "_key");
            JsonNode value = recorded.path("layer" + layer + "_value");
            int heads = model.layers().config().heads().keys();
            double[] rotated = replay.loaded()
                    .run(ops -> ops.doubles(rotated(ops, model, rowwise(replay.fixture(), key, heads), heads)));
            replay.compare("keys of layer " + layer, replay.loaded().run(ops -> ops.doubles(kept.keys())), rotated);
            replay.compare(
                    "values of layer " + layer,
                    replay.loaded().run(ops -> ops.doubles(kept.values())),
                    rowwise(replay.fixture(), value, heads));
        }
    }

    private static Tensor rotated(Ops ops, LlamaFamily model, double[] keys, int heads) {
        int width = model.layers().config().heads().width();
        int tokens = keys.length / heads / width;
        return ops.rotate(
                ops.upload(Shape.of(tokens, heads, width), keys), model.rotary().at(Rows.upload(ops, span(0, tokens))));
    }

    private static double[] rowwise(SamplerCase fixture, JsonNode tensor, int heads) {
        double[] values = fixture.doubles(tensor);
        long[] shape = fixture.shape(tensor);
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

    static Stream<SamplerCase> soft() {
        return cases("dinfer").filter(fixture -> fixture.setting("smooth").asBoolean());
    }

    /// Each pass adds to masks what the pass that last showed them let expect, with that pass's weight.
    @ParameterizedTest
    @MethodSource("soft")
    void theLastSoftPassGivesTheLogitsOfTheReference(SamplerCase fixture) {
        double init = fixture.setting("cont_weight_init").asDouble();
        double growth = fixture.setting("cont_weight_growth").asDouble();
        double most = fixture.setting("cont_weight").asDouble();
        BitSet known = new BitSet();
        try (Replay replay = Replay.of(fixture, backend);
                SoftEmbeddings soft =
                        SoftEmbeddings.open(replay.loaded(), replay.loaded().model(), 1, replay.ids().length)) {
            double[] got = {};
            int pass = 0;
            for (JsonNode node : fixture.output("passes")) {
                int[] fed = replay.fed(node);
                int[] masks = replay.masks(fed);
                Canvas canvas = Canvas.of(1, replay.ids().length, replay.ids())
                        .withCache(replay.cache(), fed, fed)
                        .withSoft(soft, Arrays.stream(masks).filter(known::get).toArray());
                double weight = Math.min(init + growth * pass, most);
                got = replay.loaded().run(ops -> {
                    Tensor hidden = replay.loaded().model().hidden(ops, canvas);
                    int[] places = Arrays.stream(masks).map(row -> row - fed[0]).toArray();
                    Tensor of = ops.gatherRows(hidden, ops.upload(Shape.of(places.length), places));
                    soft.expect(ops, replay.loaded().model(), of, masks, weight);
                    return ops.doubles(
                            ops.logits(hidden, replay.loaded().model().head()));
                });
                Arrays.stream(masks).forEach(known::set);
                replay.open(fixture.ints(node.path("generated")));
                pass++;
            }
            replay.compare("last logits", got, fixture.doubles(fixture.output("last_logits")));
        }
    }

    @ParameterizedTest
    @MethodSource("last")
    void theLastPassGivesTheLogitsOfTheReference(SamplerCase fixture) {
        try (Replay replay = Replay.of(fixture, backend)) {
            boolean passing = !fixture.setting("prefix_look").isMissingNode();
            double[] got = {};
            for (JsonNode node : fixture.output("passes")) {
                int[] fed = replay.fed(node);
                int[] kept = passing && node.path("cached").asBoolean() ? new int[0] : fed;
                got = replay.logits(fed, kept, fed[0], fed[0] + fed.length);
                replay.open(fixture.ints(node.path("generated")));
            }
            replay.compare("last logits", got, fixture.doubles(fixture.output("last_logits")));
        }
    }
}
