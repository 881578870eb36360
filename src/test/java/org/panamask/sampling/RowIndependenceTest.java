package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.backend.ProductMode;
import org.panamask.config.Settings;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Noise;
import org.panamask.model.Tiny;

/// The promise about batches: a row's ids and probabilities are the same bits alone, in any batch and beside any
/// padding, whatever the options and the lengths.
class RowIndependenceTest {
    private static final SamplerTokens TOKENS = new SamplerTokens(156, 150, List.of(150, 151), List.of(157, 158, 159));

    private final Random random = new Random(7);

    /// A row to fill in.
    ///
    /// @param ids of the canvas
    /// @param given which columns stay
    /// @param sample names its random numbers
    private record Line(int[] ids, boolean[] given, long sample) {}

    /// Up to `most` columns in the prompt and up to 14 to fill in.
    private Line line(int most) {
        int prompt = 1 + random.nextInt(most);
        int[] ids = random.ints(prompt + 1 + random.nextInt(14), 0, 150).toArray();
        boolean[] given = new boolean[ids.length];
        Arrays.fill(given, 0, prompt, true);
        return new Line(ids, given, random.nextLong(1L << 50));
    }

    /// The same with gaps anywhere.
    private Line gapped(Line line) {
        boolean[] given = line.given().clone();
        for (int i = 0; i < given.length; i++) {
            given[i] = random.nextInt(6) > 0;
        }
        return new Line(line.ids(), given, line.sample());
    }

    private BlockSettings settings() {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("block_size", 1 + random.nextInt(12));
        if (random.nextBoolean()) {
            keys.put("steps", 1 + random.nextInt(16));
        }
        String[][] rules = {
            {},
            {"transfer", "quota", "alg", "random"},
            {"transfer", "timestep", "alg", "origin"},
            {"transfer", "alpha_cosine", "alg", "entropy"},
            {"transfer", "alpha_linear", "stochastic_transfer", "true"},
            {"alg", "topk_margin", "alg_temp", "0.5"},
            {"threshold", "0.3"},
            {"factor", "1.5"},
            {"entropy_bound", "2"},
            {"threshold", "0.4", "low_threshold", "0.1"},
            {"threshold", "0.4", "credit_alpha", "0.7"},
            {"transfer", "budget", "threshold", "0.4"},
            {"threshold", "0.2", "edit_threshold", "0.3", "max_post_steps", "3"}
        };
        String[] rule = rules[random.nextInt(rules.length)];
        for (int n = 0; n < rule.length; n += 2) {
            keys.put(rule[n], rule[n + 1]);
        }
        if (random.nextInt(3) == 0) {
            keys.put("temperature", 0.3 + random.nextDouble());
            keys.put("top_p", 0.5 + random.nextDouble() / 2);
            keys.put("top_k", random.nextInt(20));
        }
        if (random.nextInt(4) == 0) {
            keys.put("cfg_scale", random.nextDouble());
        }
        String[][] caches = {
            {},
            {"cache", "prefix"},
            {"cache", "dual", "cache_refresh", "3"},
            {"cache", "dual", "feed_previous", "true"},
            {"cache", "vicinity", "prefix_look", "2", "after_look", "1", "warmup_steps", "1"}
        };
        String[] cache = caches[random.nextInt(caches.length)];
        for (int n = 0; n < cache.length; n += 2) {
            keys.put(cache[n], cache[n + 1]);
        }
        if (random.nextInt(4) == 0) {
            keys.put("soft_embedding", 0.3);
        }
        keys.put("confidence_eos_eot_inf", random.nextBoolean());
        keys.put("seed", random.nextInt());
        return Settings.of(BlockSettings.class, keys);
    }

    /// How rows are filled in.
    ///
    /// @param settings of the sampler
    /// @param tiling where blocks start
    private record Way(BlockSettings settings, SamplerInput.Tiling tiling) {}

    private static SamplerResult sample(Tiny tiny, Alignment alignment, Way way, List<Line> lines) {
        SamplerInput input = SamplerInput.of(
                        lines.stream().map(Line::ids).toArray(int[][]::new),
                        lines.stream().map(Line::given).toArray(boolean[][]::new))
                .withSamples(lines.stream().mapToLong(Line::sample).toArray())
                .tiled(way.tiling());
        BlockSettings settings = way.settings();
        BlockSampler.Rule rule = new BlockSampler.Rule(settings, TOKENS, alignment, new Noise(settings.seed()));
        return new BlockSampler(tiny.model(), tiny, rule).sample(input, SamplerListener.NONE);
    }

    @ParameterizedTest
    @CsvSource({
        "cpu, F32, llada-tiny, OWN, 9, 40",
        "cpu, F32, dream-tiny, SHIFTED, 9, 40",
        "cpu, F32, llada-tiny, OWN, 112, 20",
        "cpu, F32, dream-tiny, SHIFTED, 112, 20",
        "cuda, F32, llada-tiny, OWN, 9, 10",
        "cuda, BF16, dream-tiny, SHIFTED, 9, 10",
        "cuda, F16, llada-tiny, OWN, 9, 10"
    })
    void aRowIsTheSameBitsInAnyBatch(
            String backend, Precision precision, String model, Alignment alignment, int prompt, int batches) {
        BackendSettings where = BackendSettings.defaults()
                .with("name", backend)
                .with("dtype", precision)
                .with("products", ProductMode.STEADY);
        try (Tiny tiny = Tiny.open(Tiny.samplerFolder(model), where)) {
            for (int batch = 0; batch < batches; batch++) {
                boolean gaps = random.nextInt(3) == 0;
                Way way = new Way(settings(), gaps ? SamplerInput.Tiling.WHOLE_ROW : SamplerInput.Tiling.AFTER_PROMPT);
                List<Line> lines = new ArrayList<>();
                for (int n = 0; n <= random.nextInt(5); n++) {
                    Line line = line(n % 2 == 0 ? prompt : 9);
                    lines.add(gaps ? gapped(line) : line);
                }
                SamplerResult together = sample(tiny, alignment, way, lines);
                for (int row = 0; row < lines.size(); row++) {
                    SamplerResult alone = sample(tiny, alignment, way, List.of(lines.get(row)));
                    assertThat(together.ids().get(row))
                            .as("%s", way)
                            .containsExactly(alone.ids().getFirst());
                    assertThat(together.probabilities().get(row))
                            .as("%s", way)
                            .containsExactly(alone.probabilities().getFirst());
                }
            }
        }
    }
}
