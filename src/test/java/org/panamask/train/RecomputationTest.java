package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.data.RowIds;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.emulator.Emulator;
import org.panamask.model.Adapter;
import org.panamask.model.LlamaConfig;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.Parameters;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Computing layers again instead of keeping them changes memory and time, and no bit of the result.
class RecomputationTest {
    private static final int VOCABULARY = 40;
    private static final int WIDTH = 32;
    private static final int TOKENS = 20;
    private static final int BATCH = 16;

    /// What is trained and how.
    private record Setup(String backend, boolean lora, boolean recompute, int layers, int batch) {
        Setup(String backend, boolean lora, boolean recompute, int layers) {
            this(backend, lora, recompute, layers, BATCH);
        }

        /// The same with as many rows as do not take the emulator long.
        Setup quick() {
            return new Setup(backend, lora, recompute, layers, backend.equals("cuda") ? 2 : BATCH);
        }
    }

    private static final class Run implements AutoCloseable {
        private final Setup setup;
        private final Backend backend;
        private final Owner owner;
        private final Parameters trained;
        private final Trainer trainer;

        Run(Setup setup) {
            this.setup = setup;
            if (setup.backend().equals("cuda")) {
                Emulator.require();
            }
            backend = Backends.open(BackendSettings.defaults().with("name", setup.backend()));
            owner = backend.owner("model");
            LlamaConfig config = LlamaConfig.of(VOCABULARY, WIDTH, setup.layers(), 4, TOKENS);
            Model model = backend.run("make", Precision.F32, ops -> Models.create(config, 7, ops, owner));
            trained = setup.lora() ? adapted(model) : model.parameters();
            Objective objective = new Objective.DdmSft(true, 1e-3, 5, LossNormalization.REFERENCE);
            TrainSettings settings = TrainSettings.defaults().with("recompute", setup.recompute());
            Learning learning = Learning.of(objective, new RowIds(1, 2, 3, 4, 5), 7);
            trainer = new Trainer(backend, Precision.F32, model, trained, new Trainer.Method(learning, settings));
        }

        private Parameters adapted(Model model) {
            LoraSettings lora = LoraSettings.defaults().with("rank", 4).with("dropout", 0.1);
            return backend.run("adapt", Precision.F32, ops -> Adapter.create(model, lora, 7, ops, owner))
                    .parameters();
        }

        StepResult step(int step) {
            return trainer.step(step, window(step, setup.batch()), 1e-2);
        }

        /// The gradients of a step that changes nothing, and every trained weight.
        List<double[]> values(int step) {
            trainer.accumulate(step, window(step, setup.batch()));
            return backend.run("read", Precision.F32, ops -> {
                List<double[]> values = new ArrayList<>();
                for (Tensor gradient : trainer.accumulators().tensors()) {
                    values.add(ops.doubles(gradient));
                }
                for (Weight weight : trained.all()) {
                    values.add(ops.doubles(weight.value()));
                }
                return values;
            });
        }

        long arenaBytes() {
            return Objects.requireNonNull(backend.ledger().owners().get("arena"));
        }

        @Override
        public void close() {
            trainer.close();
            owner.close();
            backend.close();
        }
    }

    private static List<TokenRows> window(int step, int batch) {
        return IntStream.range(2 * step, 2 * step + 2)
                .mapToObj(number -> rows(number, batch))
                .toList();
    }

    private static TokenRows rows(int number, int batch) {
        Random random = new Random(number);
        int[] ids = random.ints((long) batch * TOKENS, 6, VOCABULARY).toArray();
        boolean[] maskable = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            maskable[i] = i % TOKENS >= 4;
        }
        return TokenRows.of(batch, TOKENS, ids, maskable);
    }

    @ParameterizedTest
    @CsvSource({"reference, true", "cpu, true", "cuda, true", "reference, false", "cpu, false", "cuda, false"})
    void threeStepsGiveTheSameBits(String backend, boolean lora) {
        try (Run kept = new Run(new Setup(backend, lora, false, 3).quick());
                Run again = new Run(new Setup(backend, lora, true, 3).quick())) {
            for (int step = 0; step < 3; step++) {
                assertThat(again.step(step)).isEqualTo(kept.step(step));
            }
            List<double[]> expected = kept.values(3);
            List<double[]> got = again.values(3);
            for (int i = 0; i < expected.size(); i++) {
                assertThat(got.get(i)).as("value %d", i).containsExactly(expected.get(i));
                assertThat(Arrays.stream(expected.get(i))).as("value %d", i).anyMatch(value -> value != 0);
            }
        }
    }

    /// With recomputation a further layer adds its input, `[N, D]`, and nothing else; the peak is bounded by that
    /// of two kept layers (one works on all rows, the last on the scored ones) and the inputs.
    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu", "cuda"})
    void aFurtherLayerTakesItsInputOnly(String backend) {
        long input = 4L * BATCH * TOKENS * WIDTH;
        long two = arenaBytes(new Setup(backend, true, false, 2));
        long four = arenaBytes(new Setup(backend, true, true, 4));
        long eight = arenaBytes(new Setup(backend, true, true, 8));

        assertThat(eight - four).isEqualTo(4 * input);
        assertThat(eight).isLessThanOrEqualTo(two + 8 * input);
        assertThat(arenaBytes(new Setup(backend, true, false, 8))).isGreaterThan(2 * eight);
    }

    private static long arenaBytes(Setup setup) {
        try (Run run = new Run(setup)) {
            run.step(0);
            return run.arenaBytes();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void aWarmStepTakesNoNativeMemory(String backend) {
        try (Run run = new Run(new Setup(backend, true, true, 3))) {
            TokenRows rows = rows(0, BATCH);
            for (int step = 0; step < 2; step++) {
                run.trainer.step(0, List.of(rows, rows), 1e-2);
            }
            long before = run.backend.ledger().allocations();
            for (int step = 0; step < 3; step++) {
                run.trainer.step(0, List.of(rows, rows), 1e-2);
            }
            assertThat(run.backend.ledger().allocations()).isEqualTo(before);
        }
    }
}
