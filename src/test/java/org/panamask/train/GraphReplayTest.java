package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Launching;
import org.panamask.backend.Precision;
import org.panamask.data.RowIds;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Launches;
import org.panamask.model.Adapter;
import org.panamask.model.LlamaConfig;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.Parameters;
import org.panamask.tensor.Owner;

/// Training steps that are replayed as graphs: new rows, masks, dropout and rates each time, and the bits of kernels
/// that are started one by one.
class GraphReplayTest {
    private static final int VOCABULARY = 40;
    private static final int TOKENS = 16;
    private static final int STEPS = 7;

    /// Steps after which 16 and 32 rows, which all numbers of hidden ones are filled up to, came twice at least.
    private static final int WARM = 5;

    /// What came of the steps.
    ///
    /// @param steps their results
    /// @param weights what they trained
    /// @param launches of all of them
    /// @param late launches of the steps after the first [#WARM]
    /// @param allocations after the second
    private record Outcome(
            List<StepResult> steps, List<double[]> weights, Launches launches, Launches late, long allocations) {}

    private static TokenRows rows(int seed) {
        int[] ids = new int[2 * TOKENS];
        boolean[] maskable = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 6 + (31 * seed + 7 * i) % (VOCABULARY - 6);
            maskable[i] = i % TOKENS > 2;
        }
        return TokenRows.of(2, TOKENS, ids, maskable);
    }

    private static Outcome train(Launching launching, Precision precision) {
        BackendSettings settings = BackendSettings.defaults()
                .with("name", "cuda")
                .with("dtype", precision)
                .with("launch", launching);
        try (Backend backend = Backends.open(settings);
                Owner owner = backend.owner("model")) {
            LlamaConfig config = LlamaConfig.of(VOCABULARY, 32, 2, 4, TOKENS);
            Model model = backend.run("make", precision, ops -> Models.create(config, 7, ops, owner));
            LoraSettings lora = LoraSettings.defaults().with("rank", 4).with("dropout", 0.1);
            Parameters trained = backend.run("adapt", precision, ops -> Adapter.create(model, lora, 7, ops, owner))
                    .parameters();
            Objective objective = new Objective.DdmSft(true, 1e-3, 10, LossNormalization.REFERENCE);
            Learning learning = Learning.of(objective, new RowIds(1, 2, 3, 4, 5), 7);
            List<StepResult> results = new ArrayList<>();
            long before = 0;
            try (Trainer trainer = new Trainer(
                    backend, precision, model, trained, new Trainer.Method(learning, TrainSettings.defaults()))) {
                Launches warm = new Launches(0, 0, 0);
                for (int step = 0; step < STEPS; step++) {
                    warm = step == WARM ? Launches.of(backend) : warm;
                    results.add(trainer.step(step, List.of(rows(2 * step), rows(2 * step + 1)), 1e-2 / (1 + step)));
                    before = step == 1 ? backend.ledger().allocations() : before;
                }
                List<double[]> weights = backend.run(
                        "read",
                        precision,
                        ops -> trained.all().stream()
                                .map(weight -> ops.doubles(weight.value()))
                                .toList());
                long allocations = backend.ledger().allocations() - before;
                Launches all = Launches.of(backend);
                return new Outcome(results, weights, all, all.since(warm), allocations);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"F32", "BF16"})
    void givesTheBitsOfKernelsThatAreStartedOneByOneAndTakesNoMemory(Precision precision) {
        Emulator.require();
        Outcome graphs = train(Launching.GRAPHS, precision);
        Outcome eager = train(Launching.EAGER, precision);
        assertThat(graphs.late().commands()).isZero();
        assertThat(graphs.late().graphs()).isZero();
        assertThat(graphs.late().replays()).isPositive();
        assertThat(eager.launches().replays()).isZero();
        assertThat(graphs.steps()).isEqualTo(eager.steps()).doesNotHaveDuplicates();
        for (int i = 0; i < eager.weights().size(); i++) {
            assertThat(graphs.weights().get(i))
                    .as("weight %d", i)
                    .isEqualTo(eager.weights().get(i));
        }
        assertThat(graphs.allocations()).isZero();
    }
}
