package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.config.Settings;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Noise;
import org.panamask.model.Tiny;

/// Decoding that takes keys and values from passes before.
class CachedDecodingTest {
    private static final int MASK = 156;
    private static final SamplerTokens TOKENS = new SamplerTokens(MASK, 150, List.of(150), List.of());

    private static SamplerInput input() {
        int[][] ids = new int[3][];
        boolean[][] given = new boolean[3][];
        for (int b = 0; b < 3; b++) {
            int prompt = 3 + 2 * b;
            int row = b;
            ids[b] = new int[prompt + 11 + b];
            Arrays.setAll(ids[b], i -> (7 + 5 * i + 11 * row) % 140);
            given[b] = new boolean[ids[b].length];
            Arrays.fill(given[b], 0, prompt, true);
        }
        return SamplerInput.of(ids, given);
    }

    private static BlockSettings of(String text) {
        Map<String, String> keys = new TreeMap<>(Map.of("block_size", "5", "early_stop", "false"));
        for (String pair : text.split(" ")) {
            keys.put(pair.split("=")[0], pair.split("=")[1]);
        }
        return Settings.of(BlockSettings.class, keys);
    }

    private static SamplerResult sample(Tiny tiny, Alignment alignment, BlockSettings settings) {
        BlockSampler.Rule rule = new BlockSampler.Rule(settings, TOKENS, alignment, new Noise(settings.seed()));
        return new BlockSampler(tiny.model(), tiny, rule).sample(input(), SamplerListener.NONE);
    }

    private static Tiny open(Alignment alignment) {
        return Tiny.open(Tiny.samplerFolder(alignment == Alignment.OWN ? "llada-tiny" : "dream-tiny"), "cpu");
    }

    @ParameterizedTest
    @CsvSource({
        "OWN, transfer=quota cache=prefix",
        "OWN, threshold=0.3 cache=dual",
        "OWN, temperature=0.8 cache=dual cfg_scale=0.7",
        "OWN, factor=1 cache=vicinity warmup_steps=0",
        "OWN, threshold=0.3 cache=dual soft_embedding=0.3",
        "OWN, threshold=0.2 cache=dual edit_threshold=0.3 max_post_steps=2",
        "SHIFTED, threshold=0.3 cache=dual feed_previous=true",
        "SHIFTED, alg=entropy cache=prefix feed_previous=true"
    })
    void aRefreshInEveryPassIsTheSamplerWithoutACache(Alignment alignment, String text) {
        BlockSettings cached = of(text + " cache_refresh=1");
        String without = text.replaceAll(" (cache|feed_previous|warmup_steps)=[a-z0-9]+", "");
        try (Tiny tiny = open(alignment)) {
            SamplerResult exact = sample(tiny, alignment, of(without));
            SamplerResult got = sample(tiny, alignment, cached);
            assertThat(got.forwards()).isEqualTo(exact.forwards());
            for (int b = 0; b < 3; b++) {
                assertThat(got.ids().get(b)).containsExactly(exact.ids().get(b));
                assertThat(got.probabilities().get(b))
                        .containsExactly(exact.probabilities().get(b));
            }
        }
    }

    /// A whole pass that is the only one of its block says the same with and without a cache.
    @Test
    void blocksOfOnePassAreExact() {
        try (Tiny tiny = open(Alignment.OWN)) {
            SamplerResult exact = sample(tiny, Alignment.OWN, of("threshold=0.0001"));
            SamplerResult cached = sample(tiny, Alignment.OWN, of("threshold=0.0001 cache=dual"));
            for (int b = 0; b < 3; b++) {
                assertThat(cached.ids().get(b)).containsExactly(exact.ids().get(b));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "transfer=quota steps=3",
                "transfer=quota steps=6",
                "transfer=timestep steps=3",
                "transfer=timestep steps=9 alg=entropy",
                "transfer=alpha_cosine steps=9",
                "transfer=quota alg=random steps=4",
                "transfer=timestep alg=origin steps=3",
                "transfer=budget threshold=0.4 steps=6",
                "threshold=0.9",
                "factor=1"
            })
    void everyColumnOpensWhereTheFirstOfABlockOpensByItself(String text) {
        try (Tiny tiny = open(Alignment.SHIFTED)) {
            for (String cache : new String[] {"prefix", "dual", "vicinity"}) {
                SamplerResult result = sample(tiny, Alignment.SHIFTED, of(text + " cache=" + cache));
                for (int b = 0; b < 3; b++) {
                    assertThat(result.ids().get(b)).as(cache).doesNotContain(MASK);
                }
            }
        }
    }

    @Test
    void blocksWithoutAColumnThatCanChangeAreLeft() {
        try (Tiny tiny = open(Alignment.SHIFTED)) {
            String edited = "threshold=0.2 edit_threshold=0.3 max_post_steps=3 cache=dual block_size=1";
            assertThat(sample(tiny, Alignment.SHIFTED, of(edited)).ids().getFirst())
                    .doesNotContain(MASK);
        }
    }

    @Test
    void stepsThatOpenNothingMakeNoDifference() {
        try (Tiny tiny = open(Alignment.SHIFTED)) {
            BlockSettings settings = of("transfer=timestep alg=entropy steps=40 cache=dual");
            SamplerResult saved = sample(tiny, Alignment.SHIFTED, settings);
            SamplerResult plain = sample(tiny, Alignment.SHIFTED, settings.with("exact_savings", false));
            assertThat(saved.forwards()).isLessThan(plain.forwards());
            for (int b = 0; b < 3; b++) {
                assertThat(saved.ids().get(b)).containsExactly(plain.ids().get(b));
            }
        }
    }

    @Test
    void softMasksChangeWhatIsSaid() {
        try (Tiny tiny = open(Alignment.OWN)) {
            double[] plain = sample(tiny, Alignment.OWN, of("threshold=0.5"))
                    .probabilities()
                    .getFirst();
            SamplerResult soft = sample(tiny, Alignment.OWN, of("threshold=0.5 soft_embedding=0.3"));
            assertThat(soft.probabilities().getFirst()).isNotEqualTo(plain);
            assertThat(soft.ids().getFirst()).doesNotContain(MASK);
        }
    }

    @Test
    void whatIsKeptIsGivenBackAndTakenOnce() {
        try (Tiny tiny = open(Alignment.OWN)) {
            BlockSettings settings = of("threshold=0.3 cache=dual soft_embedding=0.3");
            sample(tiny, Alignment.OWN, settings);
            assertThat(tiny.backend().ledger().owners()).doesNotContainKeys("key cache", "soft embeddings");
            long before = tiny.backend().ledger().allocations();
            sample(tiny, Alignment.OWN, settings);
            long taken = 2L * tiny.model().keyRoom().layers() + 1;
            assertThat(tiny.backend().ledger().allocations() - before).isEqualTo(taken);
        }
    }
}
