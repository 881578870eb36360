package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.diffusion.Objective;
import org.panamask.model.FolderMerge;
import org.panamask.model.Models;
import org.panamask.report.TrainingListener;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerListener;
import org.panamask.tensor.Owner;
import org.panamask.train.ModelSettings;
import org.panamask.train.Recipe;
import org.panamask.train.RecipeReader;

/// A LLaDA from its folder through a run to a merged folder, as a user meets it.
final class LladaRunTest {
    private static final String CONFIG = """
            {"model_type": "llada", "d_model": 16, "n_layers": 2, "n_heads": 2, "n_kv_heads": 1, "mlp_hidden_size": 32,
             "vocab_size": 32, "embedding_size": 32, "max_sequence_length": 48, "rope": true, "block_type": "llama",
             "activation_type": "silu", "layer_norm_type": "rms", "weight_tying": false, "init_std": 0.5}
            """;

    @TempDir
    private Path folder;

    private Path model() throws IOException {
        Path model = ToyModel.writeSettings(folder.resolve("model"), ToyModel.SPECIAL);
        Files.writeString(model.resolve("config.json"), CONFIG);
        try (Backend backend = Backends.open(BackendSettings.defaults().with("name", "reference"));
                Owner owner = backend.owner("weights")) {
            backend.run("write", Precision.F32, ops -> {
                Models.create(HubFolder.config(model), 11, ops, owner).save(ops, model);
                return model;
            });
        }
        return model;
    }

    private static String answer(ModelSettings model) {
        try (Panamask panamask = Panamask.open(model, BackendSettings.defaults())) {
            return panamask.generate(
                            List.of("spell a"),
                            DdmSettings.defaults().with("steps", 4).with("length", 16),
                            SamplerListener.NONE)
                    .getFirst()
                    .text();
        }
    }

    @Test
    void aRunPredictsEachTokenFromItsOwnRowAndLeavesAnAdapterThatMerges() throws IOException {
        Path model = model();
        ToyModel.writeRows(folder.resolve("rows.jsonl"), 16);
        Path file = ToyModel.writeRecipe(folder.resolve("recipe.yaml"), "train: {max_steps: 3, learning_rate: 1e-2}\n");
        Recipe recipe = RecipeReader.read(file, List.of());

        assertThat(FineTuning.run(recipe, new TrainingListener() {}).finished()).isTrue();

        Path run = folder.resolve("run");
        assertThat(RecipeReader.read(run.resolve("recipe.yaml"), List.of()).objective())
                .isEqualTo(Objective.DdmSft.defaults().with("shift", false));
        try (PeftAdapter adapter =
                PeftAdapter.open(run, Models.config(HubFolder.config(model)).naming())) {
            assertThat(adapter.modules().keySet())
                    .hasSize(14)
                    .contains("model.transformer.blocks.1.ff_out")
                    .doesNotContain("model.transformer.ff_out");
        }
        Path merged = folder.resolve("merged");
        FolderMerge.write(model, List.of(run), merged, Optional.empty());
        Files.copy(model.resolve("tokenizer.json"), merged.resolve("tokenizer.json"));
        assertThat(answer(ModelSettings.of(merged)))
                .isEqualTo(answer(ModelSettings.of(model).with("adapter", List.of(run))));
    }
}
