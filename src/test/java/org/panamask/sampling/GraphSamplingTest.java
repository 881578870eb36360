package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Launching;
import org.panamask.config.Settings;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Noise;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Launches;
import org.panamask.model.Tiny;

/// Generation on the GPU: passes over ever fewer hidden columns are replayed as graphs, and choose what the CPU
/// chooses.
class GraphSamplingTest {
    private static final int MASK = 156;
    private static final SamplerTokens TOKENS = new SamplerTokens(MASK, 150, List.of(150), List.of());

    @BeforeAll
    static void requireEmulator() {
        Emulator.require();
    }

    private static Tiny open(Launching launching) {
        return Tiny.open(
                Tiny.samplerFolder("llada-tiny"),
                BackendSettings.defaults().with("name", "cuda").with("launch", launching));
    }

    /// Rows of an open prompt and `answer` hidden columns.
    private static SamplerInput input(int answer, int... prompts) {
        int[][] ids = new int[prompts.length][];
        boolean[][] given = new boolean[prompts.length][];
        for (int b = 0; b < prompts.length; b++) {
            int row = b;
            ids[b] = new int[prompts[b] + answer];
            Arrays.setAll(ids[b], i -> (7 + 5 * i + 11 * row) % 140);
            given[b] = new boolean[ids[b].length];
            Arrays.fill(given[b], 0, prompts[b], true);
        }
        return SamplerInput.of(ids, given);
    }

    private static SamplerResult sample(Tiny tiny, SamplerInput input, String text) {
        Map<String, String> keys = new TreeMap<>();
        for (String pair : text.split(" ")) {
            keys.put(pair.split("=")[0], pair.split("=")[1]);
        }
        if (keys.containsKey("block_size")) {
            BlockSettings settings = Settings.of(BlockSettings.class, keys);
            BlockSampler.Rule rule = new BlockSampler.Rule(settings, TOKENS, Alignment.OWN, new Noise(settings.seed()));
            return new BlockSampler(tiny.model(), tiny, rule).sample(input, SamplerListener.NONE);
        }
        DdmSampler.Rule rule = DdmSampler.Rule.of(Settings.of(DdmSettings.class, keys), MASK, false);
        return new DdmSampler(tiny.model(), tiny, rule).sample(input, SamplerListener.NONE);
    }

    /// 32, 31, ... 1 hidden columns in each of two blocks are two numbers of rows, 32 and 16, of which each is
    /// launched once command by command and once captured.
    @Test
    void sixtyFourStepsOfOneLengthAreTwoGraphs() {
        try (Tiny tiny = open(Launching.GRAPHS)) {
            SamplerInput input = input(64, 8);
            String settings = "block_size=32 steps=64 transfer=quota early_stop=false";
            SamplerResult first = sample(tiny, input, settings);
            Launches once = Launches.of(tiny.backend());
            assertThat(first.forwards()).isEqualTo(64);
            assertThat(once.graphs()).isEqualTo(2);
            assertThat(once.replays()).isEqualTo(62);

            SamplerResult second = sample(tiny, input, settings);
            assertThat(Launches.of(tiny.backend()).since(once)).isEqualTo(new Launches(0, 64, 0));
            assertThat(second.ids().getFirst()).isEqualTo(first.ids().getFirst());
        }
    }

    /// Softened masks feed roundings back: of the last case the oracle and the CPU are 5e-5 apart.
    @ParameterizedTest
    @CsvSource({
        "1e-5, steps=16 order=random choice=sample seed=3",
        "1e-5, block_size=8 steps=16 transfer=quota early_stop=false cfg_scale=0.5",
        "1e-5, block_size=8 threshold=0.02 cache=dual early_stop=false temperature=0.7",
        "5e-4, block_size=8 steps=16 transfer=quota cache=prefix early_stop=false soft_embedding=0.3"
    })
    void graphsGiveTheBitsOfSingleLaunchesAndTheTokensOfTheCpu(double tolerance, String settings) {
        SamplerInput input = input(16, 3, 6);
        SamplerResult expected;
        try (Tiny tiny = Tiny.open(Tiny.samplerFolder("llada-tiny"), "cpu")) {
            expected = sample(tiny, input, settings);
        }
        SamplerResult eager;
        try (Tiny tiny = open(Launching.EAGER)) {
            eager = sample(tiny, input, settings);
        }
        try (Tiny tiny = open(Launching.GRAPHS)) {
            SamplerResult graphs = sample(tiny, input, settings);
            assertThat(Launches.of(tiny.backend()).replays()).isPositive();
            for (int b = 0; b < 2; b++) {
                assertThat(graphs.ids().get(b))
                        .isEqualTo(eager.ids().get(b))
                        .isEqualTo(expected.ids().get(b));
                assertThat(graphs.probabilities().get(b))
                        .isEqualTo(eager.probabilities().get(b))
                        .containsExactly(expected.probabilities().get(b), within(tolerance));
            }
            assertThat(graphs.forwards()).isEqualTo(expected.forwards());
        }
    }
}
