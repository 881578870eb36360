package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
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
}
