package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.config.SettingException;
import org.panamask.launch.LocalRanks;
import org.panamask.launch.RankException;
import org.panamask.report.RunSummary;
import org.panamask.report.StepReport;
import org.panamask.report.TrainingListener;
import org.panamask.train.Recipe;
import org.panamask.train.RecipeReader;

/// Whole runs of several ranks, as threads of one JVM.
@Timeout(120)
final class RankRunTest {
    private static final List<String> SETTINGS = List.of(
            "train.max_steps=4",
            "train.micro_batch=2",
            "train.accumulate=4",
            "train.log_every=1",
            "train.eval_every=2",
            "train.sample_every=2",
            "train.save_every=2",
            "data.val_size=5",
            "objective.loss_normalization=token_bound",
            "backend.name=reference");

    @TempDir
    private Path folder;

    @BeforeEach
    void writeModelAndRows() throws IOException {
        ToyModel.write(folder.resolve("model"));
        ToyModel.writeRows(folder.resolve("rows.jsonl"), 40);
    }

    private Recipe recipe(String... more) throws IOException {
        Path file = ToyModel.writeRecipe(folder.resolve("recipe.yaml"), "");
        List<String> all = new ArrayList<>(SETTINGS);
        all.addAll(List.of(more));
        return RecipeReader.read(file, all);
    }

    /// Collects the losses that a listener hears of.
    private static TrainingListener losses(List<Double> into) {
        return new TrainingListener() {
            @Override
            public void step(StepReport report) {
                into.add(report.loss());
            }
        };
    }

    private static List<RunSummary> run(int world, Recipe recipe, List<Double> losses) {
        return LocalRanks.runEach(LocalRanks.launches(world), launch -> {
            TrainingListener heard = losses(losses);
            try (FineTuning run = FineTuning.open(recipe, heard, launch)) {
                return run.run(heard);
            }
        });
    }

    @Test
    void twoRanksLeaveWhatOneLeaves() throws IOException {
        Recipe alone = recipe("output=" + folder.resolve("alone"));
        Recipe shared = recipe("output=" + folder.resolve("shared"), "ranks.optimizer=sharded");
        List<Double> expected = new ArrayList<>();
        List<Double> got = new ArrayList<>();
        try (FineTuning run = FineTuning.open(alone)) {
            run.run(losses(expected));
        }
        List<RunSummary> summaries = run(2, shared, got);

        assertThat(summaries).allMatch(summary -> summary.finished() && summary.steps() == 4);
        assertThat(got).as("rank 0 alone tells").hasSize(4);
        for (int step = 0; step < 4; step++) {
            assertThat(got.get(step)).isCloseTo(expected.get(step), within(1e-4));
        }
        assertThat(names(shared.output())).isEqualTo(names(alone.output()));
        assertThat(Files.size(shared.output().resolve("adapter_model.safetensors")))
                .isEqualTo(Files.size(alone.output().resolve("adapter_model.safetensors")));
        assertThat(Files.readAllLines(shared.output().resolve("metrics.jsonl")))
                .hasSameSizeAs(Files.readAllLines(alone.output().resolve("metrics.jsonl")));
    }

    @Test
    void aStopOfOneRankStopsAllAtTheSameStep() throws IOException {
        Recipe recipe = recipe("train.max_steps=1000000");
        List<RunSummary> summaries = LocalRanks.runEach(LocalRanks.launches(2), launch -> {
            try (FineTuning run = FineTuning.open(recipe, new TrainingListener() {}, launch)) {
                if (launch.place().rank() == 1) {
                    run.stop();
                }
                return run.run(new TrainingListener() {});
            }
        });
        assertThat(summaries).allMatch(summary -> !summary.finished());
        assertThat(summaries.getFirst().steps()).isEqualTo(summaries.getLast().steps());
        assertThat(recipe.output().resolve("adapter_model.safetensors")).exists();
    }

    @Test
    void theOthersHearWhatKeepsRankZeroFromStarting() throws IOException {
        Recipe recipe = recipe();
        Files.createDirectories(recipe.output());
        Files.writeString(recipe.output().resolve("adapter_model.safetensors"), "of an earlier run");
        List<String> seen = LocalRanks.runEach(LocalRanks.launches(2), launch -> {
            try (FineTuning run = FineTuning.open(recipe, new TrainingListener() {}, launch)) {
                run.run(new TrainingListener() {});
                return "nothing failed";
            } catch (RuntimeException failure) {
                return String.valueOf(failure.getMessage());
            }
        });
        assertThat(seen.getFirst()).startsWith("output: ");
        assertThat(seen.getLast())
                .startsWith("rank 1 of 2 cannot go on: rank 0 of 2 failed: output: ")
                .contains("must not hold the result of an earlier run");
    }

    @Test
    void ranksWithOtherSettingsDoNotStart() throws IOException {
        Recipe one = recipe();
        Recipe other = recipe("train.seed=7");
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(() -> LocalRanks.runEach(LocalRanks.launches(2), launch -> {
                    Recipe mine = launch.place().isFirst() ? one : other;
                    try (FineTuning run = FineTuning.open(mine, new TrainingListener() {}, launch)) {
                        return run.run(new TrainingListener() {});
                    }
                }))
                .havingCause()
                .isInstanceOf(RankException.class)
                .withMessageContaining("what the recipe says of the training must be the same on every rank, but rank"
                        + " 1 has another than rank 0");
    }

    @Test
    void aStepWithFewerMicroBatchesThanRanksIsRefused() throws IOException {
        Recipe recipe = recipe("train.accumulate=1");
        assertThatExceptionOfType(SettingException.class)
                .isThrownBy(() -> FineTuning.open(
                        recipe,
                        new TrainingListener() {},
                        LocalRanks.launches(2).getFirst()))
                .withMessage("train.accumulate must be at least the number of ranks, 2, because its micro-batches are"
                        + " shared among them, not 1; a step of as many rows as before has accumulate: 2 and a"
                        + " micro_batch 2 times smaller");
    }

    @Test
    void nothingIsWrittenOfAStepThatAnotherRankDidNotLiveThrough() throws IOException {
        Recipe recipe = recipe();
        List<String> seen = LocalRanks.runEach(LocalRanks.launches(2), launch -> {
            List<String> written = new ArrayList<>();
            try (RunTeam team = RunTeam.join(launch, recipe)) {
                if (!launch.place().isFirst()) {
                    team.fail(new IllegalStateException("its device is lost"));
                    return "";
                }
                team.once("a checkpoint", () -> written.add("a checkpoint"));
                return "nothing failed";
            } catch (RankException failure) {
                return written + " " + failure.getMessage();
            }
        });
        assertThat(seen.getFirst()).isEqualTo("[] rank 0 of 2 cannot go on: rank 1 of 2 failed: its device is lost");
    }

    private static List<String> names(Path output) throws IOException {
        try (var files = Files.list(output)) {
            return files.map(file -> String.valueOf(file.getFileName()).replaceAll("\\d{7,}", "N"))
                    .sorted()
                    .toList();
        }
    }
}
