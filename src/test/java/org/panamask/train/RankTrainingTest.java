package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Collective;
import org.panamask.backend.Precision;
import org.panamask.backend.cuda.CudaBackend;
import org.panamask.data.RowIds;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.emulator.Emulator;
import org.panamask.launch.LocalRanks;
import org.panamask.launch.Ranks;
import org.panamask.model.Adapter;
import org.panamask.model.LlamaConfig;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.Parameters;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Weight;
import org.panamask.train.RankSettings.Optimizer;

/// A step comes out the same on one rank and on several: what differs is the order in which gradients are added.
@Timeout(120)
final class RankTrainingTest {
    private static final int VOCABULARY = 40;
    private static final int TOKENS = 16;
    private static final int STEPS = 3;

    /// What is trained, where and how.
    private record Setup(
            String backend, Precision precision, boolean lora, Optimizer optimizer, TrainSettings settings) {
        static Setup of(String backend, Precision precision, Optimizer optimizer) {
            return new Setup(backend, precision, false, optimizer, TrainSettings.defaults());
        }

        Setup withLora() {
            return new Setup(backend, precision, true, optimizer, settings);
        }

        Setup with(String key, Object value) {
            return new Setup(backend, precision, lora, optimizer, settings.with(key, value));
        }
    }

    /// What a rank saw and was left with.
    private record Outcome(List<StepResult> steps, StepResult validation, List<double[]> weights) {}

    private static List<Outcome> train(int world, Setup setup) {
        return world == 1 ? List.of(train(Ranks.alone(), setup)) : LocalRanks.run(world, ranks -> train(ranks, setup));
    }

    /// All ranks share the emulator's only device.
    private static Backend open(Setup setup) {
        BackendSettings settings = BackendSettings.defaults()
                .with("name", setup.backend())
                .with("dtype", setup.precision())
                .with("threads", 1)
                .with("device", "0");
        if (setup.backend().equals("cuda")) {
            Emulator.require();
            return CudaBackend.open(settings);
        }
        return Backends.open(settings);
    }

    private static Outcome train(Ranks ranks, Setup setup) {
        try (Backend backend = open(setup);
                Collective collective = backend.collective(ranks);
                Owner owner = backend.owner("model")) {
            LlamaConfig config = LlamaConfig.of(VOCABULARY, 32, 2, 4, TOKENS);
            Model model = backend.run("make", setup.precision(), ops -> Models.create(config, 7, ops, owner));
            Parameters trained = setup.lora() ? adapted(backend, setup, model, owner) : model.parameters();
            // Small buckets, so that there are several.
            RankSettings sharing =
                    RankSettings.defaults().with("optimizer", setup.optimizer()).with("bucket", "16KiB");
            Learning learning = Learning.of(
                    new Objective.DdmSft(true, 1e-3, 1, LossNormalization.TOKEN_BOUND), new RowIds(1, 2, 3, 4, 5), 7);
            Trainer.Method method =
                    new Trainer.Method(learning, setup.settings(), new Team(ranks, collective, sharing));
            try (Trainer trainer = new Trainer(backend, setup.precision(), model, trained, method)) {
                List<StepResult> steps = IntStream.range(0, STEPS)
                        .mapToObj(step -> trainer.step(step, window(step), 1e-2))
                        .toList();
                StepResult validation = trainer.evaluate(learning, STEPS, window(STEPS));
                return new Outcome(steps, validation, weights(backend, setup, trained));
            }
        }
    }

    private static Parameters adapted(Backend backend, Setup setup, Model model, Owner owner) {
        LoraSettings lora = LoraSettings.defaults().with("rank", 4).with("dropout", 0.1);
        return backend.run("adapt", setup.precision(), ops -> Adapter.create(model, lora, 7, ops, owner))
                .parameters();
    }

    private static List<double[]> weights(Backend backend, Setup setup, Parameters trained) {
        return backend.run("read", setup.precision(), ops -> {
            List<double[]> values = new ArrayList<>();
            for (Weight weight : trained.trainable()) {
                values.add(ops.doubles(weight.value()));
            }
            return values;
        });
    }

    /// Four micro-batches of two rows; in step 1 only three, so that four ranks are not all busy.
    private static List<TokenRows> window(int step) {
        return IntStream.range(0, step == 1 ? 3 : 4)
                .mapToObj(batch -> rows(8 * step + 2 * batch, 8 * step + 2 * batch + 1))
                .toList();
    }

    private static TokenRows rows(int... samples) {
        int[] ids = new int[samples.length * TOKENS];
        boolean[] maskable = new boolean[ids.length];
        for (int b = 0; b < samples.length; b++) {
            Random random = new Random(samples[b]);
            for (int i = 0; i < TOKENS; i++) {
                ids[b * TOKENS + i] = 6 + random.nextInt(VOCABULARY - 6);
                maskable[b * TOKENS + i] = i >= 4;
            }
        }
        return TokenRows.of(samples.length, TOKENS, ids, maskable)
                .withSamples(Arrays.stream(samples).asLongStream().toArray());
    }

    private static void requireSame(List<Outcome> ranks, Outcome alone, double tolerance) {
        for (Outcome rank : ranks) {
            for (int step = 0; step < STEPS; step++) {
                requireClose(rank.steps().get(step), alone.steps().get(step), tolerance);
            }
            requireClose(rank.validation(), alone.validation(), tolerance);
            for (int i = 0; i < alone.weights().size(); i++) {
                assertThat(rank.weights().get(i))
                        .as("weight %d", i)
                        .containsExactly(alone.weights().get(i), within(tolerance));
                assertThat(rank.weights().get(i))
                        .as("the same bits on every rank")
                        .isEqualTo(ranks.getFirst().weights().get(i));
            }
        }
    }

    private static void requireClose(StepResult got, StepResult expected, double tolerance) {
        assertThat(got.loss()).isCloseTo(expected.loss(), within(tolerance));
        assertThat(got.ceLoss()).isCloseTo(expected.ceLoss(), within(tolerance));
        assertThat(got.accuracy()).isEqualTo(expected.accuracy());
        assertThat(got.maskRatio()).isEqualTo(expected.maskRatio());
        assertThat(got.gradNorm()).isCloseTo(expected.gradNorm(), within(tolerance));
        assertThat(got.tokens()).isEqualTo(expected.tokens());
    }

    /// In f64 three steps of AdamW leave the roundings of a sum far below 1e-9. In f32 AdamW's first steps move a
    /// weight by the learning rate of 1e-2 whatever its gradient's size, so a gradient near 0 of which a rounding
    /// is a large part makes weights differ by a part of that; 1e-4 is 1 % of a step.
    @ParameterizedTest
    @CsvSource({
        "reference, F64, 2, REPLICATED, 1e-9",
        "reference, F64, 4, REPLICATED, 1e-9",
        "reference, F64, 2, SHARDED, 1e-9",
        "reference, F64, 4, SHARDED, 1e-9",
        "cpu, F32, 2, REPLICATED, 1e-4",
        "cpu, F32, 4, REPLICATED, 1e-4",
        "cpu, F32, 2, SHARDED, 1e-4",
        "cpu, F32, 4, SHARDED, 1e-4"
    })
    void theStepDoesNotDependOnTheNumberOfRanks(
            String backend, Precision precision, int world, Optimizer optimizer, double tolerance) {
        Setup setup = Setup.of(backend, precision, optimizer);
        requireSame(train(world, setup), train(1, setup).getFirst(), tolerance);
    }

    @ParameterizedTest
    @CsvSource({"REPLICATED", "SHARDED"})
    void neitherDoesAnAdapterWithDropoutAndRecomputation(Optimizer optimizer) {
        Setup setup = Setup.of("reference", Precision.F64, optimizer).withLora().with("recompute", true);
        requireSame(train(2, setup), train(1, setup).getFirst(), 1e-9);
    }

    @ParameterizedTest
    @CsvSource({"F32, 2, REPLICATED, 1e-4", "F32, 4, SHARDED, 1e-4", "BF16, 2, SHARDED, 2e-2"})
    void theSameHoldsForGpusThatNcclConnects(Precision precision, int world, Optimizer optimizer, double tolerance) {
        Setup setup = Setup.of("cuda", precision, optimizer).withLora();
        requireSame(train(world, setup), train(1, setup).getFirst(), tolerance);
    }

    /// Without clipping no number depends on the norm, which is summed in another order.
    @Test
    void aShardedOptimizerGivesTheBitsOfAReplicatedOne() {
        Setup replicated = Setup.of("cpu", Precision.F32, Optimizer.REPLICATED).with("max_grad_norm", 0.0);
        Setup sharded = Setup.of("cpu", Precision.F32, Optimizer.SHARDED).with("max_grad_norm", 0.0);
        List<double[]> expected = train(2, replicated).getFirst().weights();
        List<double[]> got = train(2, sharded).getLast().weights();
        for (int i = 0; i < expected.size(); i++) {
            assertThat(got.get(i)).isEqualTo(expected.get(i));
        }
    }
}
