package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Collective;
import org.panamask.backend.DeviceMemoryException;
import org.panamask.backend.Precision;
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
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// A step that fails in the middle leaves nothing that the next one trains on, or the trainer says that it cannot go
/// on.
@Timeout(120)
final class FailedStepTest {
    private static final int VOCABULARY = 40;
    private static final int TOKENS = 12;
    private static final double RATE = 1e-2;

    /// A model in training on a backend that can be made to fail.
    private static final class Run implements AutoCloseable {
        private final Backend real;
        private final Precision precision;
        private final FailingBackend failing;
        private final Owner owner;
        private final Parameters trained;
        private final Collective collective;
        private final Trainer trainer;
        private final Learning learning = Learning.of(
                new Objective.DdmSft(true, 1e-3, 4, LossNormalization.TOKEN_BOUND), new RowIds(1, 2, 3, 4, 5), 7);

        Run(BackendSettings settings, boolean lora, TrainSettings train, Ranks ranks, RankSettings sharing) {
            precision = settings.dtype();
            real = open(settings);
            failing = new FailingBackend(real);
            owner = real.owner("model");
            collective = real.collective(ranks);
            LlamaConfig config = LlamaConfig.of(VOCABULARY, 16, 2, 2, 4 * TOKENS);
            Model model = real.run("make", precision, ops -> Models.create(config, 7, ops, owner));
            LoraSettings branches = LoraSettings.defaults().with("rank", 2).with("dropout", 0.1);
            trained = lora
                    ? real.run("adapt", precision, ops -> Adapter.create(model, branches, 7, ops, owner))
                            .parameters()
                    : model.parameters();
            trainer = new Trainer(
                    failing.backend(),
                    precision,
                    model,
                    trained,
                    new Trainer.Method(learning, train, new Team(ranks, collective, sharing)));
        }

        /// Starts the backend; where it refuses, the test that asks is skipped with the reason.
        private static Backend open(BackendSettings settings) {
            if (settings.name().equals("cuda")) {
                Emulator.require();
            }
            try {
                return Backends.open(settings);
            } catch (BackendException refused) {
                Assumptions.abort(refused.getMessage());
                throw refused;
            }
        }

        static Run of(String name, Precision precision, boolean lora) {
            return new Run(
                    settings(name, precision), lora, TrainSettings.defaults(), Ranks.alone(), RankSettings.defaults());
        }

        static BackendSettings settings(String name, Precision precision) {
            return BackendSettings.defaults()
                    .with("name", name)
                    .with("dtype", precision)
                    .with("threads", 1)
                    .with("device", name.equals("cuda") ? "0" : "auto");
        }

        StepResult step(int step) {
            return trainer.step(step, window(step), RATE);
        }

        List<double[]> weights() {
            return read(trained.trainable().stream().map(Weight::value).toList());
        }

        List<double[]> read(List<Tensor> tensors) {
            return real.run(
                    "read",
                    precision,
                    ops -> tensors.stream().map(tensor -> ops.doubles(tensor)).toList());
        }

        @Override
        public void close() {
            collective.close();
            trainer.close();
            owner.close();
            real.close();
        }
    }

    /// Four micro-batches of two rows.
    private static List<TokenRows> window(int step) {
        return IntStream.range(0, 4)
                .mapToObj(batch -> rows(TOKENS, 8 * step + 2 * batch, 8 * step + 2 * batch + 1))
                .toList();
    }

    private static TokenRows rows(int tokens, int... samples) {
        int[] ids = new int[samples.length * tokens];
        Arrays.setAll(ids, i -> 6 + (i * 7 + 11 * samples[i / tokens]) % (VOCABULARY - 6));
        boolean[] maskable = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            maskable[i] = i % tokens >= 3;
        }
        return TokenRows.of(samples.length, tokens, ids, maskable)
                .withSamples(Arrays.stream(samples).asLongStream().toArray());
    }

    private static void same(List<double[]> got, List<double[]> expected, String when) {
        assertThat(got).hasSameSizeAs(expected);
        for (int i = 0; i < got.size(); i++) {
            assertThat(got.get(i)).as("%s, weight %d", when, i).isEqualTo(expected.get(i));
        }
    }

    /// What an undisturbed trainer gives for steps 0 to 2, and its weights after each.
    private record Undisturbed(List<StepResult> results, List<List<double[]>> weights, List<String> operations) {
        static Undisturbed of(Run run) {
            List<StepResult> results = new ArrayList<>();
            List<List<double[]>> weights = new ArrayList<>();
            List<String> operations = List.of();
            try (run) {
                for (int step = 0; step < 3; step++) {
                    run.failing.begin();
                    results.add(run.step(step));
                    operations = step == 1 ? run.failing.operations() : operations;
                    weights.add(run.weights());
                }
            }
            return new Undisturbed(results, weights, operations);
        }
    }

    /// Some operations in each part of the step up to the last before the first change of a weight.
    @ParameterizedTest
    @CsvSource({
        "reference, F32, false",
        "reference, F32, true",
        "reference, F16, true",
        "cpu, F32, true",
        "cpu, BF16, false",
        "cuda, F32, true",
        "cuda, BF16, false",
        "cuda, F16, true"
    })
    void theStepRepeatedAfterAFailureGivesTheBitsOfAnUndisturbedTrainer(
            String name, Precision precision, boolean lora) {
        Undisturbed expected = Undisturbed.of(Run.of(name, precision, lora));
        int update = expected.operations().indexOf("adamW");
        assertThat(update).isGreaterThan(100);
        int parts = name.equals("cuda") ? 7 : 23;
        try (Run run = Run.of(name, precision, lora)) {
            assertThat(run.step(0)).isEqualTo(expected.results().getFirst());
            Optional<LossScaler.State> scale = run.trainer.lossScaler().map(LossScaler::state);
            for (int operation = 0; operation < update; operation += 1 + update / parts) {
                run.failing.fail(operation);
                String when = "failure of operation " + operation;
                assertThatExceptionOfType(FailingBackend.Failure.class).as(when).isThrownBy(() -> run.step(1));
                same(run.weights(), expected.weights().get(0), when);
                assertThat(run.trainer.updates())
                        .isEqualTo(expected.results().getFirst().skipped() ? 0 : 1);
                assertThat(run.trainer.lossScaler().map(LossScaler::state)).isEqualTo(scale);
            }
            run.failing.fail(update - 1);
            assertThatExceptionOfType(FailingBackend.Failure.class).isThrownBy(() -> run.step(1));

            run.failing.begin();
            assertThat(run.step(1)).isEqualTo(expected.results().get(1));
            same(run.weights(), expected.weights().get(1), "the repeated step");
            assertThat(run.step(2)).isEqualTo(expected.results().get(2));
            same(run.weights(), expected.weights().get(2), "the step after it");
        }
    }

    @ParameterizedTest
    @CsvSource({"reference, F32", "cpu, F32", "cuda, F32"})
    void aRowThatTheModelRefusesInTheSecondMicroBatchLeavesNothing(String name, Precision precision) {
        Undisturbed expected = Undisturbed.of(Run.of(name, precision, false));
        try (Run run = Run.of(name, precision, false)) {
            run.step(0);
            TokenRows good = window(1).getFirst();
            int[] ids = good.ids().clone();
            // A prompt's token, which nothing replaces by a mask.
            ids[0] = VOCABULARY;
            TokenRows bad = TokenRows.of(2, TOKENS, ids, good.maskable()).withSamples(good.samples());
            assertThatIllegalArgumentException().isThrownBy(() -> run.trainer.step(1, List.of(good, bad), RATE));

            assertThat(run.step(1)).isEqualTo(expected.results().get(1));
            same(run.weights(), expected.weights().get(1), "the repeated step");
        }
    }

    /// Memory really runs out: the second micro-batch has rows four times as long.
    @Test
    void aStepThatRanOutOfMemoryLeavesNothing() {
        BackendSettings settings = Run.settings("cpu", Precision.F32);
        long enough;
        Undisturbed expected = Undisturbed.of(Run.of("cpu", Precision.F32, false));
        try (Run run = Run.of("cpu", Precision.F32, false)) {
            run.step(0);
            enough = run.real.ledger().total();
        }
        try (Run run = new Run(
                settings.with("memory_limit", enough + (1 << 18) + "B"),
                false,
                TrainSettings.defaults(),
                Ranks.alone(),
                RankSettings.defaults())) {
            run.step(0);
            List<TokenRows> wide = List.of(
                    window(1).getFirst(),
                    rows(4 * TOKENS, IntStream.range(0, 64).toArray()));
            assertThatExceptionOfType(DeviceMemoryException.class).isThrownBy(() -> run.trainer.step(1, wide, RATE));

            assertThat(run.step(1)).isEqualTo(expected.results().get(1));
            same(run.weights(), expected.weights().get(1), "the repeated step");
        }
    }

    @ParameterizedTest
    @CsvSource({"reference, F32, 0", "reference, F32, 3", "cuda, F32, 3"})
    void afterAFailureInTheMiddleOfAnUpdateNoStepAndNoValidationFollows(String name, Precision precision, int updates) {
        Undisturbed expected = Undisturbed.of(Run.of(name, precision, true));
        try (Run run = Run.of(name, precision, true)) {
            run.step(0);
            run.failing.fail(expected.operations().indexOf("adamW") + updates);
            assertThatExceptionOfType(FailingBackend.Failure.class).isThrownBy(() -> run.step(1));

            String rest = ": all weights must be of the same step, but step 1 failed while it changed them"
                    + " (org.panamask.train.FailingBackend$Failure: adamW failed);"
                    + " load the model again, from the last checkpoint";
            for (int attempt = 0; attempt < 2; attempt++) {
                assertThatExceptionOfType(TrainerException.class)
                        .isThrownBy(() -> run.step(1))
                        .withMessage("training step 1" + rest)
                        .withCauseInstanceOf(FailingBackend.Failure.class);
            }
            assertThatExceptionOfType(TrainerException.class)
                    .isThrownBy(() -> run.trainer.evaluate(run.learning, 1, window(1)))
                    .withMessage("validation after step 1" + rest);
        }
    }

    private static Run rank(String name, Ranks ranks, RankSettings.Optimizer optimizer) {
        // Small buckets, so that there are several.
        RankSettings sharing =
                RankSettings.defaults().with("optimizer", optimizer).with("bucket", "4KiB");
        return new Run(Run.settings(name, Precision.F32), false, TrainSettings.defaults(), ranks, sharing);
    }

    /// The operation of step 1 in which the last way back of this rank begins: before, nothing has left it.
    private static int lastWayBack(List<String> operations) {
        int loss = operations.lastIndexOf("crossEntropyWithGradients");
        assertThat(loss).isPositive();
        return loss;
    }

    @ParameterizedTest
    @CsvSource({"reference, REPLICATED", "reference, SHARDED", "cpu, REPLICATED", "cuda, SHARDED"})
    void aRankThatHasGivenNothingAwayRepeatsTheStepWhileTheOthersWait(String name, RankSettings.Optimizer optimizer) {
        List<Undisturbed> expected = LocalRanks.run(2, ranks -> Undisturbed.of(rank(name, ranks, optimizer)));
        LocalRanks.run(2, ranks -> {
            Undisturbed mine = expected.get(ranks.place().rank());
            try (Run run = rank(name, ranks, optimizer)) {
                run.step(0);
                if (!ranks.place().isFirst()) {
                    int last = lastWayBack(mine.operations());
                    for (int operation : List.of(0, last / 2, last)) {
                        run.failing.fail(operation);
                        assertThatExceptionOfType(FailingBackend.Failure.class).isThrownBy(() -> run.step(1));
                    }
                    run.failing.begin();
                }
                assertThat(run.step(1)).isEqualTo(mine.results().get(1));
                assertThat(run.step(2)).isEqualTo(mine.results().get(2));
                same(run.weights(), mine.weights().get(2), ranks.place().text());
            }
            return mine;
        });
    }

    @ParameterizedTest
    @CsvSource({"reference, REPLICATED", "reference, SHARDED", "cpu, REPLICATED", "cuda, SHARDED"})
    void aRankThatFailsWithSumsUnderWayGoesOnNoMore(String name, RankSettings.Optimizer optimizer) {
        List<Undisturbed> expected = LocalRanks.run(2, ranks -> Undisturbed.of(rank(name, ranks, optimizer)));
        List<RuntimeException> said = LocalRanks.run(2, ranks -> {
            try (Run run = rank(name, ranks, optimizer)) {
                run.step(0);
                if (ranks.place().isFirst()) {
                    return failure(() -> run.step(1));
                }
                List<String> operations = expected.getLast().operations();
                run.failing.fail(operations.lastIndexOf("embeddingBackward"));
                RuntimeException first = failure(() -> run.step(1));
                assertThat(first).isInstanceOf(FailingBackend.Failure.class);
                same(run.weights(), expected.getLast().weights().getFirst(), "the failed step");
                RuntimeException second = failure(() -> run.step(1));
                ranks.fail(second);
                return second;
            }
        });
        assertThat(said.getFirst()).hasMessageContaining("rank 1");
        assertThat(said.getLast())
                .isInstanceOf(TrainerException.class)
                .hasMessage(
                        "training step 1: all ranks must be at the same step, but step 1 failed here when others had"
                                + " been given gradients of it (org.panamask.train.FailingBackend$Failure: embeddingBackward"
                                + " failed); end all ranks and start them again, from the last checkpoint");
    }

    private static RuntimeException failure(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException thrown) {
            return thrown;
        }
        throw new AssertionError("nothing failed");
    }
}
