package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.backend.BackendSettings;
import org.panamask.report.TrainingListener;
import org.panamask.sampling.DdmSettings;
import org.panamask.train.ModelSettings;
import org.panamask.train.Recipe;

/// Runs over a [ToyModel], and what it generates after them.
abstract class ToyRuns {
    static final TrainingListener NOBODY = new TrainingListener() {};
    static final DdmSettings SAMPLING = DdmSettings.defaults().with("steps", 6).with("length", 30);

    @TempDir
    Path folder;

    Recipe recipe;

    /// Sees each run of [#trained] before it starts.
    void opened(FineTuning run) {}

    /// What the model in memory generates, step by step, after it was trained as `how` says.
    List<int[]> trained(Recipe how) {
        try (FineTuning run = FineTuning.open(how)) {
            opened(run);
            assertThat(run.run(NOBODY).finished()).isTrue();
            try (Panamask panamask = Panamask.over(run.loaded(), true)) {
                return canvases(panamask);
            }
        }
    }

    static List<int[]> canvases(Panamask panamask) {
        List<int[]> canvases = new ArrayList<>();
        panamask.generate(
                List.of("spell a"), SAMPLING, step -> canvases.add(step.ids().getFirst()));
        return canvases;
    }

    static List<int[]> canvases(ModelSettings model) {
        try (Panamask panamask = Panamask.open(model, BackendSettings.defaults(), true)) {
            return canvases(panamask);
        }
    }
}
