package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Ledger;
import org.panamask.config.SettingException;
import org.panamask.data.DataException;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Objective;
import org.panamask.nn.LoraSettings;
import org.panamask.report.EvaluationReport;
import org.panamask.report.RunSummary;
import org.panamask.report.StepReport;
import org.panamask.report.TrainingListener;
import org.panamask.sampling.DdmSettings;
import org.panamask.train.ModelSettings;
import org.panamask.train.Recipe;
import org.panamask.train.RecipeReader;

class FineTuningTest extends ToyRuns {
    @BeforeEach
    void writeTheFiles() throws IOException {
        ToyModel.write(folder.resolve("model"));
        ToyModel.writeRows(folder.resolve("rows.jsonl"), 40);
        recipe = RecipeReader.readChecked(
                ToyModel.writeRecipe(
                        folder.resolve("recipe.yaml"),
                        "train: {max_steps: 6, learning_rate: 0.05, log_every: 1, micro_batch: 4, accumulate: 2}\n"),
                List.of());
    }

    @Test
    void halfPrecisionLogsItsLossScale() throws IOException {
        Recipe half = recipe.with(
                        "backend",
                        BackendSettings.defaults().with("name", "reference").with("dtype", "f16"))
                .with("train", recipe.train().with("max_steps", 2));
        assertThat(FineTuning.run(half, NOBODY).finished()).isTrue();
        assertThat(Files.readAllLines(half.output().resolve("metrics.jsonl")))
                .filteredOn(line -> line.contains("train/loss\""))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).contains("\"train/loss_scale\": ", "\"train/skipped_steps\": "));
    }

    @Test
    void validationSeesTheSameNoiseAtEveryStep() {
        Recipe still = recipe.with("data", recipe.data().with("val_size", 6))
                .with(
                        "train",
                        recipe.train()
                                .with("learning_rate", 1e-30)
                                .with("eval_every", 2)
                                .with("eval_batch", 4)
                                .with("eval_nll", true)
                                .with("eval_nll_steps", 4));
        List<EvaluationReport> reports = evaluations(still);

        assertThat(reports).extracting(EvaluationReport::step).containsExactly(2L, 4L, 6L);
        EvaluationReport first = reports.getFirst();
        assertThat(reports)
                .allSatisfy(report -> assertThat(report)
                        .usingRecursiveComparison()
                        .ignoringFields("step", "elapsed")
                        .isEqualTo(first));
        EvaluationReport.Nll nll = first.nll().orElseThrow();
        assertThat(nll.value()).isPositive();
        assertThat(nll.standardError()).isPositive();
        assertThat(still.output().resolve("metrics.jsonl"))
                .content()
                .contains("\"eval/nll\": " + nll.value(), "\"eval/nll_standard_error\": ");
        assertThat(still.output().resolve("loss.svg")).content().contains(">nll ");
    }

    @Test
    void theLikelihoodOfValidationRowsDoesNotDependOnTheirBatch() {
        List<EvaluationReport.Nll> each = new ArrayList<>();
        for (Objective objective : List.of(Objective.DdmSft.defaults(), Objective.Autoregressive.defaults())) {
            for (int size : new int[] {1, 6}) {
                Recipe one = recipe.with("objective", objective)
                        .with("output", folder.resolve("run" + each.size()))
                        .with("data", recipe.data().with("val_size", 6))
                        .with(
                                "train",
                                recipe.train()
                                        .with("max_steps", 1)
                                        .with("eval_batch", size)
                                        .with("eval_nll", true));
                each.add(evaluations(one).getFirst().nll().orElseThrow());
            }
        }
        assertThat(each.get(1)).isEqualTo(each.get(0));
        assertThat(each.get(3)).isEqualTo(each.get(2)).isNotEqualTo(each.get(0));
    }

    private static List<EvaluationReport> evaluations(Recipe how) {
        List<EvaluationReport> reports = new ArrayList<>();
        FineTuning.run(how, new TrainingListener() {
            @Override
            public void evaluated(EvaluationReport report) {
                reports.add(report);
            }
        });
        return reports;
    }

    @Test
    void theSavedAdapterGeneratesWhatTheTrainedModelDoes() {
        List<int[]> inMemory = trained(recipe);

        ModelSettings model = ModelSettings.of(folder.resolve("model"));
        assertThat(canvases(model.with("adapter", recipe.output()))).containsExactlyElementsOf(inMemory);
        assertThat(canvases(model).getLast()).isNotEqualTo(inMemory.getLast());
    }

    @Test
    void aFullyTrainedModelIsAFolderThatOpens() {
        Recipe full = recipe.with("lora", Optional.empty())
                .with("train", recipe.train().with("learning_rate", 0.005));
        List<int[]> inMemory = trained(full);

        assertThat(full.output()).isDirectoryContaining("glob:**model.safetensors");
        assertThat(canvases(ModelSettings.of(full.output()))).containsExactlyElementsOf(inMemory);
        assertThat(canvases(recipe.model()).getLast()).isNotEqualTo(inMemory.getLast());
    }

    @Test
    void theSameRecipeGivesTheSameBytes() throws IOException {
        FineTuning.run(recipe, NOBODY);
        Recipe again = recipe.with("output", folder.resolve("again"));
        FineTuning.run(again, NOBODY);
        Recipe otherwise = recipe.with("output", folder.resolve("otherwise"))
                .with("train", recipe.train().with("seed", 43));
        FineTuning.run(otherwise, NOBODY);

        assertThat(adapter(again)).isEqualTo(adapter(recipe));
        assertThat(adapter(otherwise)).isNotEqualTo(adapter(recipe));
    }

    private static byte[] adapter(Recipe recipe) throws IOException {
        return Files.readAllBytes(recipe.output().resolve("adapter_model.safetensors"));
    }

    @Test
    void aNewAdapterIsTrainedOnTopOfMergedOnes() {
        FineTuning.run(recipe, NOBODY);
        Recipe second = recipe.with(
                        "lora",
                        recipe.lora()
                                .orElseThrow()
                                .with("create_new_adapter", true)
                                .with("rank", 2))
                .with("model", recipe.model().with("adapter", recipe.output()))
                .with("output", folder.resolve("second"));
        List<int[]> inMemory = trained(second);
        List<Path> both = List.of(recipe.output(), second.output());

        assertThat(canvases(recipe.model().with("adapter", both))).containsExactlyElementsOf(inMemory);
        assertThat(canvases(second.model()).getLast()).isNotEqualTo(inMemory.getLast());
        assertThat(canvases(recipe.model().with("adapter", second.output())).getLast())
                .isNotEqualTo(inMemory.getLast());
        Recipe third = recipe.with("lora", Optional.empty())
                .with("model", recipe.model().with("adapter", both))
                .with("output", folder.resolve("third"));
        List<int[]> further = trained(third);
        assertThat(canvases(recipe.model().with("adapter", List.of(recipe.output(), third.output()))))
                .containsExactlyElementsOf(further);
    }

    @Test
    void anAdapterGoesOnTrainingOnlyAsItIs() {
        FineTuning.run(recipe, NOBODY);
        Recipe other = recipe.with("lora", recipe.lora().orElseThrow().with("rank", 3))
                .with("model", recipe.model().with("adapter", recipe.output()))
                .with("output", folder.resolve("other"));

        assertThatExceptionOfType(SettingException.class)
                .isThrownBy(() -> FineTuning.run(other, NOBODY))
                .withMessageStartingWith("lora.rank of ")
                .withMessageEndingWith(" as in the adapter " + recipe.output() + " that training goes on with, not 3;"
                        + " leave lora.rank out, or set lora.create_new_adapter: true to merge that adapter and train"
                        + " a new one");
    }

    @Test
    void anAdapterMayGoOnWithAnotherDropout() throws IOException {
        FineTuning.run(recipe, NOBODY);
        Recipe other = recipe.with("lora", LoraSettings.defaults().with("dropout", 0.25))
                .with("model", recipe.model().with("adapter", recipe.output()))
                .with("output", folder.resolve("other"));

        FineTuning.run(other, NOBODY);

        assertThat(Files.readString(other.output().resolve("adapter_config.json")))
                .containsPattern("\"lora_dropout\" ?: 0.25");
    }

    @Test
    void anAdapterGoesOnTrainingWithoutAWordAboutNewOnes() throws IOException {
        FineTuning.run(recipe, NOBODY);
        Recipe further = recipe.with("lora", Optional.empty())
                .with("model", recipe.model().with("adapter", recipe.output()))
                .with("output", folder.resolve("further"));

        FineTuning.run(further, NOBODY);

        assertThat(further.output()).isDirectoryNotContaining("glob:**/model.safetensors");
        assertThat(adapter(further)).hasSameSizeAs(adapter(recipe)).isNotEqualTo(adapter(recipe));
    }

    @Test
    void anAutoregressiveRunTrainsToo() {
        Recipe causal = recipe.with("objective", Objective.Autoregressive.defaults())
                .with("train", recipe.train().with("max_steps", 40));
        List<Double> losses = new ArrayList<>();
        FineTuning.run(causal, new TrainingListener() {
            @Override
            public void step(StepReport report) {
                losses.add(report.loss());
            }
        });

        assertThat(losses).hasSize(40);
        assertThat(losses.getLast()).isLessThan(losses.getFirst() / 2);
    }

    /// Rows without begin token, the loss of MGDM, and samples that are masked again on the way.
    @Test
    void aMultiGranularityRunTrainsToo() throws IOException {
        Recipe mgdm = recipe.with("objective", Objective.Mgdm.defaults())
                .with("sample", SAMPLING.with("remask", true).with("stochastic", 0.5))
                .with("train", recipe.train().with("max_steps", 40).with("sample_every", 20));
        List<Double> losses = new ArrayList<>();
        try (FineTuning run = FineTuning.open(mgdm)) {
            run.run(new TrainingListener() {
                @Override
                public void step(StepReport report) {
                    losses.add(report.ceLoss());
                }
            });
        }

        assertThat(losses).hasSize(40);
        assertThat(losses.getLast()).isLessThan(losses.getFirst() / 2);
        assertThat(mgdm.output().resolve("samples/000020.txt")).content().startsWith("prompt:    spell ");
        ModelSettings adapted = mgdm.model().with("adapter", mgdm.output());
        DdmSettings remasking = SAMPLING.with("remask", true).with("length", 20);
        try (Panamask panamask = Panamask.open(adapted, BackendSettings.defaults(), Alignment.SHIFTED_IN_PLACE)) {
            List<int[]> canvases = new ArrayList<>();
            panamask.generate(
                    List.of("spell a"),
                    remasking,
                    step -> canvases.add(step.ids().getFirst()));
            assertThat(panamask.shown(canvases.getFirst()))
                    .startsWith("spell a")
                    .endsWith("_".repeat(12));
            assertThat(panamask.loaded().special().bos()).isNotEqualTo(canvases.getFirst()[0]);
        }
    }

    @Test
    void aStoppedRunSavesWhatItHas() {
        try (FineTuning run = FineTuning.open(recipe)) {
            RunSummary summary = run.run(new TrainingListener() {
                @Override
                public void step(StepReport report) {
                    if (report.step() == 2) {
                        run.stop();
                    }
                }
            });

            assertThat(summary.finished()).isFalse();
            assertThat(summary.steps()).isEqualTo(2);
        }
        assertThat(canvases(recipe.model().with("adapter", recipe.output()))).isNotEmpty();
    }

    @Test
    void aRunWhoseNumbersAreNotFiniteEndsWithoutAResult() {
        Recipe hot = recipe.with(
                "train",
                recipe.train()
                        .with("learning_rate", 1e30)
                        .with("max_grad_norm", 0)
                        .with("save_every", 1));
        List<Long> steps = new ArrayList<>();

        assertThatExceptionOfType(DivergedException.class)
                .isThrownBy(() -> FineTuning.run(hot, new TrainingListener() {
                    @Override
                    public void step(StepReport report) {
                        steps.add(report.step());
                    }
                }))
                .withMessageMatching("train: loss and gradients must be finite numbers, but step " + steps.size()
                        + " had a loss of \\S+ and a gradient norm of NaN, and the weights are lost; lower"
                        + " train\\.learning_rate, warm up longer or set train\\.max_grad_norm; checkpoints of steps"
                        + " before it are whole");

        assertThat(steps).hasSizeBetween(2, 5);
        assertThat(hot.output()).isDirectoryContaining("glob:**/checkpoint-000001");
        assertThat(hot.output().resolve("latest")).hasContent("checkpoint-%06d".formatted(steps.size() - 1));
        assertThat(hot.output()).isDirectoryNotContaining("glob:**/adapter_model.safetensors");
    }

    @Test
    void anEarlierResultIsRefusedBeforeAnythingIsLoaded() throws IOException {
        FineTuning.run(recipe, NOBODY);
        Files.delete(folder.resolve("model/model.safetensors"));

        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> FineTuning.open(recipe))
                .withMessage("output: " + recipe.output() + " must not hold the result of an earlier run, but has"
                        + " adapter_model.safetensors; name another folder, move it away, or set"
                        + " train.overwrite_output: true");
    }

    @Test
    void closingTwiceGivesAllMemoryBack() {
        FineTuning run = FineTuning.open(recipe);
        Ledger ledger = run.loaded().backend().ledger();
        run.run(NOBODY);
        assertThat(ledger.total()).isPositive();

        run.close();
        run.close();

        assertThat(ledger.total()).isZero();
        assertThat(ledger.owners()).isEmpty();
    }

    @Test
    void rowsLongerThanTheModelAreRefusedBeforeAnythingIsWritten() {
        Recipe long48 = recipe.with("data", recipe.data().with("max_tokens", ToyModel.POSITIONS));
        FineTuning.open(long48).close();

        Recipe long49 = recipe.with("data", recipe.data().with("max_tokens", ToyModel.POSITIONS + 1));
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> FineTuning.open(long49))
                .withMessage("data.max_tokens: the model has positions for 48 tokens, but the longest row has 49; lower"
                        + " data.max_tokens");
        assertThat(recipe.output()).doesNotExist();
    }
}
