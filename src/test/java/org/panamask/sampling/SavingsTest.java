package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.panamask.config.Settings;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Noise;
import org.panamask.model.Tiny;

/// What is left out changes nothing, and the counters say how much it was.
class SavingsTest {
    private static final int MASK = 156;
    private static final int END = 150;
    private static Tiny tiny;

    @BeforeAll
    static void open() {
        tiny = Tiny.open(Tiny.samplerFolder("llada-tiny"), "reference");
    }

    @AfterAll
    static void close() {
        tiny.close();
    }

    private static SamplerInput input(int... answers) {
        int[][] rows = new int[answers.length][];
        boolean[][] given = new boolean[answers.length][];
        for (int b = 0; b < rows.length; b++) {
            int start = 30 * b;
            rows[b] = new int[5 + answers[b]];
            Arrays.setAll(rows[b], i -> (start + 11 * i) % 140);
            given[b] = new boolean[rows[b].length];
            Arrays.fill(given[b], 0, 5, true);
        }
        return SamplerInput.of(rows, given);
    }

    private static SamplerResult sample(Map<String, ?> keys, boolean saves, SamplerInput input, SamplerHooks hooks) {
        BlockSettings settings = Settings.of(BlockSettings.class, keys).with("exact_savings", saves);
        SamplerTokens tokens = new SamplerTokens(MASK, END, List.of(END, 151), List.of());
        BlockSampler.Rule rule = new BlockSampler.Rule(settings, tokens, Alignment.OWN, new Noise(settings.seed()));
        return new BlockSampler(tiny.model(), tiny, rule).withHooks(hooks).sample(input, SamplerListener.NONE);
    }

    private static SamplerResult same(Map<String, ?> keys, SamplerInput input, SamplerHooks hooks) {
        SamplerResult saving = sample(keys, true, input, hooks);
        SamplerResult plain = sample(keys, false, input, hooks);
        for (int b = 0; b < input.batch(); b++) {
            assertThat(saving.ids().get(b)).containsExactly(plain.ids().get(b));
            assertThat(saving.probabilities().get(b))
                    .containsExactly(plain.probabilities().get(b));
        }
        Savings saved = saving.savings();
        assertThat(saved.forwards()).isEqualTo(plain.forwards() - saving.forwards());
        return saving;
    }

    private static SamplerResult same(Map<String, ?> keys, SamplerInput input) {
        return same(keys, input, SamplerHooks.NONE);
    }

    @Test
    void theHeadSeesCandidatesOnly() {
        SamplerResult result = same(Map.of("block_size", 4), input(8));

        assertThat(result.forwards()).isEqualTo(8);
        assertThat(result.savings()).isEqualTo(new Savings(0, 0, 8 * 13 - 2 * (4 + 3 + 2 + 1), 0, 0));
    }

    @Test
    void randomOrdersAskForWhatTheyOpen() {
        SamplerResult result =
                same(Map.of("block_size", 8, "alg", "random", "temperature", 1, "early_stop", false), input(8));
        assertThat(result.savings().headRows()).isEqualTo(8 * 13 - 8);

        Map<String, Object> chance =
                Map.of("block_size", 8, "alg", "origin", "temperature", 1, "steps", 4, "early_stop", false);
        SamplerResult origin = same(chance, input(8));
        assertThat(origin.savings().headRows()).isEqualTo(4 * 13 - 8);
    }

    @Test
    void stepsThatOpenNothingNeedNoPass() {
        Map<String, Object> keys = Map.of("block_size", 8, "transfer", "timestep", "steps", 16, "temperature", 0.7);
        SamplerResult result = same(keys, input(8));

        assertThat(result.savings().forwards()).isGreaterThanOrEqualTo(8);
        assertThat(result.savings().columns()).isEqualTo(13 * result.savings().forwards());
    }

    @Test
    void rowsLeaveTheBatchWhenTheyAreFull() {
        SamplerResult result = same(Map.of("block_size", 4), input(4, 12, 8));

        assertThat(result.forwards()).isEqualTo(12);
        assertThat(result.rowForwards()).isEqualTo(4 + 12 + 8);
    }

    @Test
    void answersThatEndLeaveTheRestOut() {
        SamplerHooks ending = SamplerHooks.NONE.withLogits((_, _, _, logits) -> logits[END] += 10);
        SamplerResult result = same(Map.of("block_size", 4), input(16, 16), ending);

        for (int b = 0; b < 2; b++) {
            int[] ids = result.ids().get(b);
            int first = 5;
            while (first < ids.length && ids[first] != END && ids[first] != 151) {
                first++;
            }
            assertThat(first).isLessThan(ids.length);
            assertThat(Arrays.copyOfRange(ids, first, ids.length)).containsOnly(ids[first]);
        }
        assertThat(result.savings().forwards()).isPositive();
        assertThat(result.savings().blocks()).isPositive();
    }

    @Test
    void theFirstLayerProjectsEqualTokensOnce() {
        SamplerResult result = same(Map.of("block_size", 40, "steps", 4, "early_stop", false), input(40));

        // at most 6, 16, 26 and 36 different tokens in 45 columns, computed in steps of 16
        assertThat(result.savings().equalTokens()).isBetween(29L + 29 + 13, 4 * 29L);
        assertThat(same(Map.of("block_size", 8), input(8)).savings().equalTokens())
                .isZero();
    }

    @Test
    void guidanceIsSwitchedOffAtZero() {
        SamplerResult off = same(Map.of("block_size", 4, "cfg_scale", 0), input(8));
        SamplerResult none = same(Map.of("block_size", 4), input(8));

        assertThat(off.ids().getFirst()).containsExactly(none.ids().getFirst());
        same(Map.of("block_size", 4, "cfg_scale", 1.5), input(8, 4));
    }

    @Test
    void rulesThatAskTheModelStopWithTheLastMask() {
        for (Map<String, ?> keys : List.of(
                Map.of("threshold", 0.2),
                Map.of("factor", 1),
                Map.of("entropy_bound", 3),
                Map.of("threshold", 0.3, "low_threshold", 0.1),
                Map.of("threshold", 0.3, "credit_alpha", 0.7),
                Map.of("transfer", "budget", "threshold", 0.3, "steps", 4))) {
            assertThat(same(keys, input(16)).ids().getFirst()).doesNotContain(MASK);
        }
    }

    @Test
    void aHookThatWantsAllSeesAll() {
        int[] calls = new int[1];
        SamplerHooks counting = SamplerHooks.NONE.withLogits(new SamplerHooks.Logits() {
            @Override
            public void change(int step, int row, int column, double[] logits) {
                calls[0]++;
            }

            @Override
            public boolean wantsAll() {
                return true;
            }
        });
        sample(Map.of("block_size", 4, "steps", 16), true, input(8), counting);

        assertThat(calls[0]).isEqualTo(16 * 13);
    }

    @Test
    void theDeviceAndTheHostChooseTheSame() {
        SamplerHooks idle = SamplerHooks.NONE.withLogits((_, _, _, _) -> {});
        for (Map<String, ?> keys : List.of(
                Map.of("block_size", 8),
                Map.of("block_size", 64, "steps", 5),
                Map.of("alg", "topk_margin", "confidence_eos_eot_inf", true),
                Map.of("alg", "entropy", "temperature", 0.8, "top_p", 0.9),
                Map.of("temperature", 1.2, "top_k", 12, "confidence_from", "filtered"),
                Map.of("cfg_scale", 0.7, "suppress_tokens", "[137, 44]"),
                Map.of("threshold", 0.3, "temperature", 0.4))) {
            // more candidates than are read at a time
            SamplerInput input = input(40, 7);
            assertThat(sample(keys, true, input, idle).ids())
                    .usingRecursiveComparison()
                    .isEqualTo(sample(keys, true, input, SamplerHooks.NONE).ids());
        }
    }
}
