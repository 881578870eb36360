package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.backend.BackendSettings;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.diffusion.Objective;
import org.panamask.model.FolderMerge;
import org.panamask.model.Models;
import org.panamask.report.EvaluationReport;
import org.panamask.report.TrainingListener;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerListener;
import org.panamask.train.ModelSettings;
import org.panamask.train.Recipe;
import org.panamask.train.RecipeReader;

/// A LLaDA from its folder through a run to a merged folder, as a user meets it.
final class LladaRunTest {
    @TempDir
    private Path folder;

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
        Path model = ToyModel.writeLlada(folder.resolve("model"));
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

    @ParameterizedTest
    @ValueSource(strings = {"llada", "dream, perbatch_cutoff: true, time_reweighting: cart", "mdlm, scheduler: cosine"})
    void objectivesThatLearnTheFillingRunFromARecipe(String objective) throws IOException {
        ToyModel.writeLlada(folder.resolve("model"));
        ToyModel.writeRows(folder.resolve("rows.jsonl"), 16);
        Path file = ToyModel.writeRecipe(folder.resolve("recipe.yaml"), """
                objective: {mode: %s}
                train: {max_steps: 4, micro_batch: 2, accumulate: 2, eval_every: 2, eval_nll: true, sample_every: 2}
                """.formatted(objective));
        Recipe recipe = RecipeReader.read(file, List.of("data.val_size=4"));
        List<EvaluationReport> reports = new ArrayList<>();
        TrainingListener listener = new TrainingListener() {
            @Override
            public void evaluated(EvaluationReport report) {
                reports.add(report);
            }
        };

        assertThat(FineTuning.run(recipe, listener).finished()).isTrue();

        assertThat(reports).isNotEmpty().allMatch(report -> report.loss() > 0 && Double.isFinite(report.loss()));
        assertThat(reports).allMatch(report -> report.nll().orElseThrow().value() > 0);
    }
}
