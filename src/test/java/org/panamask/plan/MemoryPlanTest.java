package org.panamask.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.FineTuning;
import org.panamask.ToyModel;
import org.panamask.backend.Backend;
import org.panamask.backend.Backends;
import org.panamask.backend.DeviceMemoryException;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.HubFolder;
import org.panamask.data.RowIds;
import org.panamask.diffusion.TokenRows;
import org.panamask.emulator.Emulator;
import org.panamask.model.Adapter;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.Parameters;
import org.panamask.report.TrainingListener;
import org.panamask.tensor.MemoryModel;
import org.panamask.tensor.Owner;
import org.panamask.train.Learning;
import org.panamask.train.ModelSettings;
import org.panamask.train.Recipe;
import org.panamask.train.Trainer;

class MemoryPlanTest {
    private static final String CONFIG = """
            {"model_type": "llama", "vocab_size": 2000, "hidden_size": 192, "intermediate_size": 512,
             "num_hidden_layers": 3, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 32,
             "max_position_embeddings": 256, "tie_word_embeddings": false}
            """;

    @TempDir
    private Path folder;

    private Recipe recipe;

    @BeforeEach
    void write() throws IOException {
        Files.writeString(folder.resolve("config.json"), CONFIG);
        Recipe plain = Recipe.of(folder, folder.resolve("rows.jsonl"), folder.resolve("run"));
        recipe = plain.with("model", ModelSettings.of(folder).with("init", ModelSettings.Init.RANDOM))
                .with("train", plain.train().with("micro_batch", 4));
    }

    /// What a real step on the recipe's backend comes to, in the largest case: every token masked.
    private Map<String, Long> measured(Recipe how, int columns, Optional<Long> reserved) {
        try (Backend backend = open(how);
                Owner weights = backend.owner("weights");
                Owner branches = backend.owner("adapter")) {
            reserved.ifPresent(backend::reserve);
            Precision precision = how.backend().dtype();
            Model model =
                    backend.run("load", precision, ops -> Models.create(HubFolder.config(folder), 3, ops, weights));
            Parameters trained = how.lora()
                    .map(lora -> backend.run("adapter", precision, ops -> Adapter.create(model, lora, 0, ops, branches))
                            .parameters())
                    .orElseGet(model::parameters);
            Learning learning = Learning.of(how.objective(), new RowIds(0, 0, 0, 0, 0), (_, _, _, _) -> 0, 0);
            try (Trainer trainer =
                    new Trainer(backend, precision, model, trained, new Trainer.Method(learning, how.train()))) {
                int[] ids = new int[how.train().microBatch() * columns];
                boolean[] maskable = new boolean[ids.length];
                Arrays.fill(ids, 1);
                Arrays.fill(maskable, true);
                TokenRows rows = TokenRows.of(how.train().microBatch(), columns, ids, maskable);
                trainer.step(0, List.of(rows), 1e-3);
                trainer.step(1, List.of(rows), 1e-3);
                Map<String, Long> owners = backend.ledger().owners();
                owners.put("peak", backend.ledger().peak());
                return owners;
            }
        }
    }

    private static Backend open(Recipe how) {
        if (how.backend().name().equals("cuda")) {
            Emulator.require();
        }
        return Backends.open(how.backend());
    }

    private static Stream<String> variants() {
        return Stream.of("all", "lora", "recompute", "reference", "short", "cuda", "cuda recompute");
    }

    private Recipe variant(String name) {
        return switch (name) {
            case "lora" -> recipe.with("lora", LoraSettings.defaults().with("dropout", 0.1));
            case "recompute" -> recipe.with("train", recipe.train().with("recompute", true));
            case "cuda", "cuda recompute" ->
                recipe.with("backend", recipe.backend().with("name", "cuda").with("dtype", Precision.BF16))
                        .with("train", recipe.train().with("micro_batch", 2).with("recompute", !name.equals("cuda")));
            case "reference" -> recipe.with("backend", recipe.backend().with("name", "reference"));
            default -> recipe;
        };
    }

    private static int columns(String name) {
        return name.equals("short") || name.startsWith("cuda") ? 24 : 128;
    }

    @ParameterizedTest
    @MethodSource("variants")
    void isWithinFivePercentOfTheLedgersPeak(String name) {
        Recipe how = variant(name);
        int columns = columns(name);
        MemoryPlan plan;
        try (Backend backend = open(how)) {
            plan = MemoryPlan.of(how, backend.memoryModel(), columns);
        }
        Map<String, Long> measured = measured(how, columns, Optional.of(plan.arena()));
        double peak = measured.get("peak");
        assertThat((double) plan.total()).isCloseTo(peak, within(0.05 * peak));
        assertThat(measured.get("arena")).as("the arena reserved is enough").isEqualTo(plan.arena());
    }

    @ParameterizedTest
    @ValueSource(strings = {"all", "cuda"})
    void theArenaOfAPlanIsHardlyMoreThanAStepTakes(String name) {
        Recipe how = variant(name);
        int columns = columns(name);
        MemoryPlan plan;
        try (Backend backend = open(how)) {
            plan = MemoryPlan.of(how, backend.memoryModel(), columns);
        }
        long needed = measured(how, columns, Optional.empty()).get("arena");
        assertThat(plan.arena()).isBetween(needed, (long) (1.05 * needed));
    }

    @Test
    void countsParametersAndTheOperationsOfAStep() {
        MemoryPlan once = MemoryPlan.of(recipe, MemoryModel.PLAIN, 32);
        MemoryPlan thrice =
                MemoryPlan.of(recipe.with("train", recipe.train().with("accumulate", 3)), MemoryModel.PLAIN, 32);
        // 2 tables, 3 layers of q, k, v, o, gate, up, down and 2 norms, 1 norm.
        long layer = 2L * 192 * 192 + 2L * 64 * 192 + 3L * 512 * 192 + 2 * 192;
        assertThat(once.parameters())
                .isEqualTo(2L * 2000 * 192 + 3 * layer + 192)
                .isEqualTo(once.trained());
        assertThat(thrice.flops().get("linear")).isEqualTo(3 * once.flops().get("linear"));
        assertThat(thrice.flops().get("adamW")).isEqualTo(once.flops().get("adamW"));
        assertThat(thrice.owners()).isEqualTo(once.owners());
    }

    @Test
    void countsALargeValidationBatchWhereThereIsOne() {
        Recipe large = recipe.with("train", recipe.train().with("eval_batch", 512));
        Recipe validating = large.with("data", large.data().with("val_size", 0.1));
        long arena = MemoryPlan.of(recipe, MemoryModel.PLAIN, 64).arena();
        assertThat(MemoryPlan.of(large, MemoryModel.PLAIN, 64).arena()).isEqualTo(arena);
        assertThat(MemoryPlan.of(validating, MemoryModel.PLAIN, 64).arena()).isGreaterThan(2 * arena);
    }

    /// Specification of ddm-sft, section 7: the parameters that LoRA of rank 16 adds to Llama-2-7B.
    @Test
    void countsTheTrainedParametersOfThePublishedRun() {
        assertThat(PublishedModels.markdown())
                .contains("| Llama-2-7B | 6,738,415,616 | 16,777,216 |", "| GPT-2 | 124,439,808 |");
    }

    @Test
    void thePageInDocsIsCurrent() throws IOException {
        assertThat(Path.of("docs/plan.md"))
                .as("./panamask plan --published > docs/plan.md")
                .hasContent(PublishedModels.markdown());
    }

    @Test
    void changesAreTriedFromTheCheapestOn() {
        long whole = MemoryPlan.of(recipe, MemoryModel.PLAIN, 128).total();
        List<Change> changes = Change.cheapest(recipe, MemoryModel.PLAIN, 128, whole - 1);
        assertThat(changes)
                .extracting(Change::keys)
                .containsExactly(
                        "train.micro_batch: 2 with train.accumulate: 2",
                        "train.recompute: true",
                        "backend.dtype: bf16");
        assertThat(changes)
                .allSatisfy(change -> assertThat(change.plan().total()).isLessThan(whole));
    }

    @Test
    void changesAreTakenTogetherWhereOneIsNotEnough() {
        List<Change> changes = Change.cheapest(recipe, MemoryModel.PLAIN, 128, 14_000_000);
        assertThat(changes).hasSize(1);
        assertThat(changes.getFirst().keys())
                .startsWith("train.micro_batch: 1 with train.accumulate: 4 with train.recompute: true");
        assertThat(Change.cheapest(recipe, MemoryModel.PLAIN, 128, 1000)).isEmpty();
    }

    @Test
    void aRunThatCannotFitIsRefusedBeforeItStarts() throws IOException {
        Path toy = ToyModel.write(folder.resolve("toy"));
        Path rows = ToyModel.writeRows(folder.resolve("rows.jsonl"), 40);
        Recipe plain = Recipe.of(toy, rows, folder.resolve("refused"));
        Recipe small = plain.with("data", plain.data().with("max_tokens", 40))
                .with("train", plain.train().with("micro_batch", 64));
        long total = MemoryPlan.of(small, MemoryModel.PLAIN, 40).total();
        Recipe limited = small.with(
                "backend", small.backend().with("name", "reference").with("memory_limit", total * 3 / 4 + ""));
        assertThatExceptionOfType(DeviceMemoryException.class)
                .isThrownBy(() -> FineTuning.run(limited, new TrainingListener() {}))
                .withMessageMatching(
                        "train: the run must fit into [\\d.]+ MiB, backend\\.memory_limit, but needs [\\d.]+ MiB \\(.*\\);"
                                + " the cheapest changes that make it fit: train\\.micro_batch: \\d+ with"
                                + " train\\.accumulate: \\d+ \\([\\d.]+ MiB; as many rows a step, in smaller"
                                + " products\\); or train\\.recompute: true .*");
        assertThat(folder.resolve("refused")).doesNotExist();
    }
}
