package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.config.SettingException;
import org.panamask.config.Settings;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Noise;
import org.panamask.model.Tiny;

final class BlockSamplerTest {
    private static final int MASK = 95;
    private static final BlockSettings SETTINGS =
            BlockSettings.defaults().with("block_size", 4).with("steps", 8).with("transfer", "quota");
    private static Tiny tiny;

    @BeforeAll
    static void open() {
        tiny = Tiny.open("llama-tiny");
    }

    @AfterAll
    static void close() {
        tiny.close();
    }

    /// A prompt of `prompt` tokens and `answer` columns to fill in.
    private static SamplerInput input(int prompt, int answer) {
        int[] ids = new int[prompt + answer];
        Arrays.setAll(ids, i -> (7 + 5 * i) % 90);
        boolean[] given = new boolean[ids.length];
        Arrays.fill(given, 0, prompt, true);
        return SamplerInput.of(new int[][] {ids}, new boolean[][] {given});
    }

    private static SamplerResult sample(BlockSettings settings, SamplerInput input, SamplerListener listener) {
        SamplerTokens tokens = new SamplerTokens(MASK, 0, List.of(), List.of());
        BlockSampler.Rule rule = new BlockSampler.Rule(settings, tokens, Alignment.SHIFTED, new Noise(settings.seed()));
        return new BlockSampler(tiny.model(), tiny, rule).sample(input, listener);
    }

    @Test
    void blocksOpenFromLeftToRight() {
        List<int[]> canvases = new ArrayList<>();
        SamplerResult result =
                sample(SETTINGS, input(5, 16), step -> canvases.add(step.ids().getFirst()));

        assertThat(canvases).hasSize(9);
        for (int step = 0; step <= 8; step++) {
            int[] masked = Arrays.stream(canvases.get(step)).skip(5).toArray();
            for (int block = 0; block < 4; block++) {
                long left = Arrays.stream(masked, 4 * block, 4 * block + 4)
                        .filter(id -> id == MASK)
                        .count();
                assertThat(left).isEqualTo(Math.clamp(4L - 2 * (step - 2 * block), 0, 4));
            }
        }
        assertThat(result.forwards()).isEqualTo(8);
        assertThat(result.filled()).isEqualTo(16);
    }

    @Test
    void theLastBlockMayBeShort() {
        assertThat(sample(SETTINGS.with("steps", 6), input(3, 10), SamplerListener.NONE)
                        .ids()
                        .getFirst())
                .doesNotContain(MASK);
    }

    @Test
    void stepsWithNothingToOpenAreLeftOut() {
        BlockSettings many = SETTINGS.with("steps", 64);
        SamplerResult saved = sample(many, input(4, 8), SamplerListener.NONE);
        SamplerResult plain = sample(many.with("exact_savings", false), input(4, 8), SamplerListener.NONE);

        assertThat(saved.ids().getFirst()).containsExactly(plain.ids().getFirst());
        assertThat(saved.forwards()).isEqualTo(8);
        assertThat(plain.forwards()).isEqualTo(64);
    }

    @Test
    void nothingToFillIsNoPass() {
        assertThat(sample(SETTINGS, input(6, 0), SamplerListener.NONE).forwards())
                .isZero();
    }

    @Test
    void withoutStepsEveryTokenHasOneOfItsOwn() {
        BlockSettings plain = BlockSettings.defaults().with("block_size", 4).with("transfer", "quota");
        List<int[]> canvases = new ArrayList<>();

        sample(plain, input(5, 10), step -> canvases.add(step.ids().getFirst()));

        assertThat(canvases).hasSize(11);
        for (int step = 0; step <= 10; step++) {
            assertThat(Arrays.stream(canvases.get(step)).filter(id -> id == MASK))
                    .hasSize(10 - step);
        }
    }

    @Test
    void aGapInALongTextIsFilledTokenByToken() {
        int[] ids = new int[40];
        Arrays.setAll(ids, i -> (7 + 5 * i) % 90);
        boolean[] given = new boolean[40];
        Arrays.fill(given, true);
        Arrays.fill(given, 14, 20, false);
        SamplerInput gap =
                SamplerInput.of(new int[][] {ids}, new boolean[][] {given}).tiled(SamplerInput.Tiling.WHOLE_ROW);
        BlockSettings plain = BlockSettings.defaults().with("block_size", 8).with("transfer", "quota");

        SamplerResult result = sample(plain, gap, SamplerListener.NONE);

        assertThat(result.forwards()).isEqualTo(6);
        assertThat(sample(plain.with("steps", 10), gap, SamplerListener.NONE).forwards())
                .isEqualTo(4);
        assertThat(sample(plain.with("exact_savings", false), gap, SamplerListener.NONE)
                        .ids()
                        .getFirst())
                .containsExactly(result.ids().getFirst());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "suppress_tokens | [500] | suppress_tokens must hold ids below the model's vocabulary of 97, but holds 500;"
                        + " leave it out",
                "confidence_suppress_tokens | [3, 97] | confidence_suppress_tokens must hold ids below the model's vocabulary of"
                        + " 97, but holds 97; leave it out",
                "eos_token_ids | [eot] | eos_token_ids must name tokens that the model has, but it has no token for [eot];"
                        + " leave it out or name ids"
            })
    void tokensThatTheModelDoesNotHaveAreRefused(String key, String value, String message) {
        BlockSettings wrong = Settings.of(BlockSettings.class, Map.of(key, value));

        assertThatExceptionOfType(SettingException.class)
                .isThrownBy(() -> sample(wrong, input(5, 4), SamplerListener.NONE))
                .withMessage(message);
    }
}
