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
import org.panamask.FineTuning;
import org.panamask.ToyModel;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.DeviceMemoryException;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.HubFolder;
import org.panamask.data.RowIds;
import org.panamask.diffusion.TokenRows;
import org.panamask.model.Adapter;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.Parameters;
import org.panamask.report.TrainingListener;
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
        try (Backend backend = Backends.open(how.backend());
                Owner weights = backend.owner("weights");
                Owner branches = backend.owner("adapter")) {
            reserved.ifPresent(backend::reserve);
            Precision precision = how.backend().dtype();
            Model model = backend.run(
                    "load", precision, ops -> Models.create(HubFolder.config(folder), 3, ops, weights));
            Parameters trained = how.lora()
                    .map(lora -> backend.run(
                                    "adapter", precision, ops -> Adapter.create(model, lora, 0, ops, branches))
                            .parameters())
                    .orElseGet(model::parameters);
            Learning learning =
                    Learning.of(how.objective(), new RowIds(0, 0, 0, 0, 0), (_, _, _, _) -> 0, 0);
            try (Trainer trainer = new Trainer(
                    backend, precision, model, trained, new Trainer.Method(learning, how.train()))) {
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

    private static Stream<String> variants() {
        return Stream.of("all", "lora", "recompute", "reference", "short");
    }

    private Recipe variant(String name) {
        return switch (name) {
            case "lora" -> recipe.with("lora", LoraSettings.defaults().with("dropout", 0.1));
            case "recompute" -> recipe.with("train", recipe.train().with("recompute", true));
            case "reference" -> recipe.with("backend", recipe.backend().with("name", "reference"));
            default -> recipe;
        };
    }

    @ParameterizedTest
    @MethodSource("variants")
    void isWithinFivePercentOfTheLedgersPeak(String name) {
        Recipe how = variant(name);
        int columns = name.equals("short") ? 24 : 128;
        MemoryPlan plan;
        try (Backend backend = Backends.open(how.backend())) {
            plan = MemoryPlan.of(how, backend.memoryModel(), columns);
        }
        Map<String, Long> measured = measured(how, columns, Optional.of(plan.arena()));
        System.err.println(name + " " + plan.owners() + " " + measured + " needed " + measured(how, columns, Optional.empty()));
        double peak = measured.get("peak");
        assertThat((double) plan.total()).isCloseTo(peak, within(0.05 * peak));
        assertThat(measured.get("arena")).as("the arena reserved is enough").isEqualTo(plan.arena());
    }
}
