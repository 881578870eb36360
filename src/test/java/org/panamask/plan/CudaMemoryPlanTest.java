package org.panamask.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.backend.Backend;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.HubFolder;
import org.panamask.data.RowIds;
import org.panamask.diffusion.TokenRows;
import org.panamask.emulator.Emulator;
import org.panamask.model.Adapter;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.model.Tiny;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.Parameters;
import org.panamask.tensor.Owner;
import org.panamask.train.Learning;
import org.panamask.train.Recipe;
import org.panamask.train.Trainer;

/// What a step takes of a GPU is what was planned, owner by owner, in every family and number type.
class CudaMemoryPlanTest {
    private static final int ROWS = 2;
    private static final int COLUMNS = 24;
    private static final int SMALL_TENSORS = 4096;

    @TempDir
    private Path folder;

    private Recipe recipe(Path model, String training, Precision dtype, boolean recompute) {
        Recipe plain = Recipe.of(model, folder.resolve("rows.jsonl"), folder.resolve("run"));
        Recipe how = plain.with("backend", plain.backend().with("name", "cuda").with("dtype", dtype))
                .with("train", plain.train().with("micro_batch", ROWS).with("recompute", recompute));
        return training.equals("lora")
                ? how.with("lora", LoraSettings.defaults().with("rank", 4).with("dropout", 0.1))
                : how;
    }

    /// What each owner has after a step of three micro-batches in which every token is hidden, on a device of which
    /// `others` had that many bytes before.
    private static Map<String, Long> measured(Recipe how, Backend backend, long others) {
        Precision precision = how.backend().dtype();
        try (Owner weights = backend.owner("weights");
                Owner branches = backend.owner("adapter");
                HubFolder hub = HubFolder.open(how.model().path())) {
            boolean whole = how.lora().isEmpty();
            Model model = backend.run("load", precision, ops -> Models.load(hub, ops, weights, whole));
            Parameters trained = how.lora()
                    .map(lora -> backend.run("adapter", precision, ops -> Adapter.create(model, lora, 0, ops, branches))
                            .parameters())
                    .orElseGet(model::parameters);
            Learning learning = Learning.of(how.objective(), new RowIds(0, 0, 0, 0, 0), (_, _, _, _) -> 0, 0);
            try (Trainer trainer =
                    new Trainer(backend, precision, model, trained, new Trainer.Method(learning, how.train()))) {
                int[] ids = new int[ROWS * COLUMNS];
                boolean[] maskable = new boolean[ids.length];
                Arrays.fill(ids, 1);
                Arrays.fill(maskable, true);
                TokenRows rows = TokenRows.of(ROWS, COLUMNS, ids, maskable);
                trainer.step(0, List.of(rows, rows, rows), 1e-3);
                assertThat(backend.ledger().total())
                        .as("nothing is taken but what owners have")
                        .isEqualTo(Emulator.counter("bytes") - others);
                return new TreeMap<>(backend.ledger().owners());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ddm/models/llama-tiny, lora, BF16, false",
        "ddm/models/llama-tiny, lora, FP8, false",
        "ddm/models/llama-tiny, all, F16, true",
        "ddm/models/llama-tiny-bf16, lora, FP8, true",
        "ddm/models/gpt2-tiny, lora, F16, false",
        "ddm/models/gpt2-tiny, all, BF16, true",
        "ddm/models/qwen2-tiny, lora, FP8, false",
        "ddm/models/qwen2-tiny, all, F32, false",
        "samplers/llada-tiny, lora, FP8, true",
        "samplers/llada-tiny, all, BF16, false",
        "samplers/dream-tiny, lora, F16, true",
        "samplers/dream-tiny, lora, FP8, false",
        "samplers/dream-tiny, all, BF16, false"
    })
    void everyOwnerTakesWhatWasPlanned(String model, String training, Precision dtype, boolean recompute) {
        Emulator.folder();
        long others = Emulator.counter("bytes");
        Path path = Tiny.folder("").resolve("../..").resolve(model).normalize();
        Recipe how = recipe(path, training, dtype, recompute);
        try (Backend backend = Backends.open(how.backend())) {
            MemoryPlan plan = MemoryPlan.of(how, backend.memoryModel(), COLUMNS);
            // What is missing of a step's memory is taken while it runs.
            backend.reserve((long) (0.95 * plan.arena()));
            Map<String, Long> measured = measured(how, backend, others);
            assertThat(plan.owners().keySet()).isEqualTo(measured.keySet());
            // Owners of models this small have many tensors that are no whole step of alignment.
            measured.forEach((owner, bytes) -> assertThat((double) plan.owners().get(owner))
                    .as(owner)
                    .isCloseTo(bytes, within(0.05 * bytes + (owner.equals("arena") ? 0 : SMALL_TENSORS))));
            assertThat(plan.arena())
                    .as("a step fits into what is reserved")
                    .isGreaterThanOrEqualTo(measured.get("arena"));
        }
    }
}
