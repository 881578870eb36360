package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.backend.BackendSettings;
import org.panamask.data.PlanningTask;
import org.panamask.data.RowIds;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Objective;
import org.panamask.report.StepReport;
import org.panamask.report.TrainingListener;
import org.panamask.sampling.SamplerListener;
import org.panamask.text.Tokenizer;
import org.panamask.train.ModelSettings;
import org.panamask.train.Recipe;
import org.panamask.train.RecipeReader;

/// The example of multi-granularity diffusion, cut short.
class MgdmExampleTest {
    private static final Path EXAMPLE = Path.of("examples/mgdm");

    @TempDir
    private Path folder;

    @Test
    void theVocabularyIsThePublishedOne() {
        try (Tokenizer tokenizer = Tokenizer.open(EXAMPLE.resolve("model"))) {
            assertThat(tokenizer.vocabularySize()).isEqualTo(31);
            assertThat(tokenizer.encode("0123456789*+-/=,abcdefghij"))
                    .containsExactly(IntStream.range(5, 31).toArray());
            assertThat(tokenizer.encode("1?2")).containsExactly(6, 4, 7);
            assertThat(tokenizer.decode(new int[] {5, 19, 30}, true)).isEqualTo("0=j");
            for (PlanningTask task : PlanningTask.values()) {
                assertThat(tokenizer.encode(task.make(3, 20).toString().replaceAll("[^0-9*+/=,-]", "")))
                        .doesNotContain(4);
            }
        }
    }

    @Test
    void itTrainsAndAnswers() {
        PlanningTask.write(folder.resolve("rows.jsonl"), PlanningTask.SUDOKU4_TRAIN.make(1, 64));
        Recipe recipe = RecipeReader.readChecked(
                EXAMPLE.resolve("sudoku4.yaml"),
                List.of(
                        "data.train=" + folder.resolve("rows.jsonl"),
                        "output=" + folder.resolve("run"),
                        "train.max_steps=12",
                        "train.warmup_steps=0",
                        "train.log_every=1",
                        "train.sample_every=0"));
        assertThat(recipe.objective()).isEqualTo(Objective.Mgdm.defaults());
        List<Double> losses = new ArrayList<>();
        FineTuning.run(recipe, new TrainingListener() {
            @Override
            public void step(StepReport report) {
                losses.add(report.ceLoss());
            }
        });
        assertThat(losses.getLast()).isLessThan(losses.getFirst());

        ModelSettings model = ModelSettings.of(recipe.output());
        try (Panamask panamask = Panamask.open(model, BackendSettings.defaults(), Alignment.SHIFTED_IN_PLACE)) {
            assertThat(panamask.loaded().special()).isEqualTo(new RowIds(3, 1, 3, 0, 2));
            List<String> canvases = new ArrayList<>();
            SamplerListener listener =
                    step -> canvases.add(panamask.shown(step.ids().getFirst()));
            Generation answer = panamask.generate(
                            List.of("0140410020033000"), recipe.sample().orElseThrow(), listener)
                    .getFirst();
            assertThat(answer.tokens()).isEqualTo(17);
            assertThat(answer.forwards()).isBetween(1, 20);
            assertThat(canvases.getFirst()).isEqualTo("0140410020033000" + "_".repeat(17));
        }
    }
}
