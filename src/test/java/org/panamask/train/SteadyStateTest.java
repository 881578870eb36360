package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.data.RowIds;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Faults;
import org.panamask.model.Adapter;
import org.panamask.model.LlamaConfig;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.nn.LoraSettings;
import org.panamask.tensor.Owner;

/// A thousand steps on the GPU: after the second nothing is asked of the driver that takes memory, and the high-water
/// mark stays.
class SteadyStateTest {
    private static final int VOCABULARY = 24;
    private static final int TOKENS = 8;
    private static final int STEPS = 1000;

    /// Steps after which everything came at least twice.
    private static final int WARM = 20;

    /// What the device holds.
    ///
    /// @param calls of the driver that take memory, so far
    /// @param bytes of the device now in use
    /// @param peak the most bytes that were in use
    /// @param pinned bytes of the host
    private record Held(long calls, long bytes, long peak, long pinned) {
        static Held now() {
            return new Held(
                    Faults.calls("memory"),
                    Emulator.counter("bytes"),
                    Emulator.counter("peakBytes"),
                    Emulator.counter("pinnedBytes"));
        }
    }

    private static TokenRows rows(int step) {
        int[] ids = new int[TOKENS];
        boolean[] maskable = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 6 + (step + 7 * i) % (VOCABULARY - 6);
            maskable[i] = i > 1;
        }
        return TokenRows.of(1, TOKENS, ids, maskable);
    }

    @Test
    void aThousandStepsTakeTheMemoryOfTwo() {
        Emulator.folder();
        BackendSettings settings = BackendSettings.defaults().with("name", "cuda");
        try (Backend backend = Backends.open(settings);
                Owner owner = backend.owner("model")) {
            Emulator.resetPeak();
            LlamaConfig config = LlamaConfig.of(VOCABULARY, 16, 1, 2, TOKENS);
            Model model = backend.run("make", Precision.F32, ops -> Models.create(config, 7, ops, owner));
            LoraSettings lora = LoraSettings.defaults().with("rank", 2).with("targets", List.of("q_proj"));
            Adapter adapter = backend.run("adapt", Precision.F32, ops -> Adapter.create(model, lora, 7, ops, owner));
            Objective objective = new Objective.DdmSft(true, 1e-3, 10, LossNormalization.TOKEN_BOUND);
            Learning learning = Learning.of(objective, new RowIds(1, 2, 3, 4, 5), 7);
            Trainer.Method method = new Trainer.Method(learning, TrainSettings.defaults());
            try (Trainer trainer = new Trainer(backend, Precision.F32, model, adapter.parameters(), method)) {
                train(trainer, 0, 2);
                Held early = Held.now();
                Map<String, Long> owners = backend.ledger().owners();
                long peak = backend.ledger().peak();
                train(trainer, 2, WARM);
                long graphs = Emulator.counter("graphs");
                train(trainer, WARM, STEPS);
                assertThat(graphs).isPositive().isEqualTo(Emulator.counter("graphs"));
                assertThat(Held.now()).isEqualTo(early);
                assertThat(backend.ledger().owners()).isEqualTo(owners);
                assertThat(backend.ledger().peak()).isEqualTo(peak);
            }
        }
    }

    private static void train(Trainer trainer, int from, int to) {
        for (int step = from; step < to; step++) {
            trainer.step(step, List.of(rows(step)), 1e-3);
        }
    }
}
