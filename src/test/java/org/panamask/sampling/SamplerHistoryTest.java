package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Noise;
import org.panamask.model.Tiny;

class SamplerHistoryTest {
    private static final int MASK = 156;
    private static final int[] IDS = {3, 14, 15, 92, MASK, MASK, MASK, MASK};
    private static final boolean[] GIVEN = {true, true, true, true, false, false, false, false};
    private static final SamplerTokens TOKENS = new SamplerTokens(MASK, 150, List.of(150), List.of());

    @Test
    void everyStepOfABlockIsKeptAsItWas() {
        SamplerHistory history = new SamplerHistory();
        BlockSettings settings =
                BlockSettings.defaults().with("block_size", 4).with("steps", 4).with("max_new_tokens", 4);
        try (Tiny tiny = Tiny.open(Tiny.samplerFolder("llada-tiny"), "reference")) {
            BlockSampler.Rule rule = new BlockSampler.Rule(settings, TOKENS, Alignment.OWN, new Noise(7));
            SamplerResult result = new BlockSampler(tiny.model(), tiny, rule)
                    .sample(SamplerInput.of(new int[][] {IDS}, new boolean[][] {GIVEN}), history);

            List<int[]> canvases =
                    history.steps().stream().map(step -> step.ids().getFirst()).toList();
            assertThat(canvases).extracting(SamplerHistoryTest::hidden).containsExactly(4L, 3L, 2L, 1L, 0L);
            assertThat(canvases.getFirst()).containsExactly(IDS);
            assertThat(canvases.getLast()).containsExactly(result.ids().getFirst());
            for (int step = 1; step < canvases.size(); step++) {
                int[] before = canvases.get(step - 1);
                int[] after = canvases.get(step);
                for (int column = 0; column < IDS.length; column++) {
                    assertThat(before[column]).isIn(MASK, after[column]);
                }
            }
        }
    }

    private static long hidden(int[] canvas) {
        return Arrays.stream(canvas).filter(id -> id == MASK).count();
    }
}
