package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.config.Settings;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Noise;
import org.panamask.model.Tiny;

/// Tokens that change after they have opened, against an example worked out by hand.
class TokenEditingTest {
    private static final int MASK = 156;
    private static final int PROMPT = 7;

    /// What is said of the columns 1 to 4 in each step: a token and its probability. The rest goes to other tokens
    /// in shares of at most a tenth.
    private static final double[][][] SAID = {
        {{10, 0.9}, {20, 0.7}, {30, 0.5}, {40, 0.3}},
        {{11, 0.75}, {21, 0.9}, {31, 0.4}, {41, 0.35}},
        {{10, 0.95}, {20, 0.85}, {31, 0.5}, {40, 0.65}},
        {{10, 0.5}, {MASK, 0.97}, {33, 0.9}, {40, 0.9}},
        {{10, 0.5}, {20, 0.5}, {33, 0.9}, {44, 0.99}},
        {{12, 0.7}, {20, 0.5}, {33, 0.9}, {44, 0.99}}
    };

    /// The answer after each step: what reaches 0.6 opens, or the best; what is above 0.8 and another token takes
    /// an open place, but no mask does.
    private static final int[][] ANSWERS = {
        {MASK, MASK, MASK, MASK},
        {10, 20, MASK, MASK},
        {10, 21, 31, MASK},
        {10, 20, 31, 40},
        {10, 20, 33, 40},
        {10, 20, 33, 44},
        {10, 20, 33, 44}
    };

    private static Tiny tiny;

    @BeforeAll
    static void open() {
        tiny = Tiny.open(Tiny.samplerFolder("llada-tiny"), "reference");
    }

    @AfterAll
    static void close() {
        tiny.close();
    }

    private static void say(int step, int column, double[] logits) {
        int token = (int) SAID[step][column - 1][0];
        double rest = 1 - SAID[step][column - 1][1];
        Arrays.fill(logits, Double.NEGATIVE_INFINITY);
        for (int id = 100; id < 110; id++) {
            logits[id] = Math.log(rest / 10);
        }
        logits[token] = Math.log(1 - rest);
    }

    /// The canvases from the masked one on.
    private static List<int[]> canvases(Map<String, ?> keys) {
        BlockSettings settings = Settings.of(BlockSettings.class, keys);
        SamplerTokens tokens = new SamplerTokens(MASK, 150, List.of(150), List.of());
        BlockSampler.Rule rule = new BlockSampler.Rule(settings, tokens, Alignment.OWN, new Noise(0));
        List<int[]> canvases = new ArrayList<>();
        new BlockSampler(tiny.model(), tiny, rule)
                .withHooks(SamplerHooks.NONE.withLogits((step, _, column, logits) -> say(step, column, logits)))
                .sample(
                        SamplerInput.of(
                                new int[][] {{PROMPT, MASK, MASK, MASK, MASK}},
                                new boolean[][] {{true, false, false, false, false}}),
                        step -> canvases.add(step.ids().getFirst()));
        return canvases;
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "1, 4", "2, 5", "3, 6", "16, 6"})
    void openTokensChangeWhenAnotherIsAboveTheBoundUntilNothingDoesOrTheStepsAreOver(int postSteps, int passes) {
        Map<String, ?> keys =
                Map.of("threshold", 0.6, "edit_threshold", 0.8, "max_post_steps", postSteps, "block_size", 4);
        List<int[]> canvases = canvases(keys);

        assertThat(canvases).hasSize(passes + 1);
        for (int step = 0; step <= passes; step++) {
            assertThat(canvases.get(step)[0]).isEqualTo(PROMPT);
            assertThat(Arrays.copyOfRange(canvases.get(step), 1, 5)).containsExactly(ANSWERS[step]);
        }
    }

    @Test
    void withoutABoundOpenTokensStay() {
        assertThat(canvases(Map.of("threshold", 0.6, "block_size", 4)).getLast())
                .containsExactly(PROMPT, 10, 20, 31, 40);
    }
}
