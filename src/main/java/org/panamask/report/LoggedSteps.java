package org.panamask.report;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// Passes on one step of every few, with the losses, accuracy and mask ratio averaged over the steps since the last
/// one passed on. The last step of a run is always passed on.
public final class LoggedSteps implements TrainingListener {
    private final int every;
    private final TrainingListener listener;
    private final List<StepReport> waiting = new ArrayList<>();

    private LoggedSteps(int every, TrainingListener listener) {
        this.every = every;
        this.listener = listener;
    }

    /// A listener that tells `listener` of each `every`th step and of everything else.
    ///
    /// @throws IllegalArgumentException if `every` is below 1
    public static LoggedSteps of(int every, TrainingListener listener) {
        if (every < 1) {
            throw new IllegalArgumentException("logged steps: every must be at least 1, but got " + every);
        }
        return new LoggedSteps(every, listener);
    }

    @Override
    public void started(RunPlan plan) {
        listener.started(plan);
    }

    @Override
    public void step(StepReport report) {
        waiting.add(report);
        if (report.step() % every == 0 || report.step() == report.totalSteps()) {
            flush();
        }
    }

    @Override
    public void evaluated(EvaluationReport report) {
        listener.evaluated(report);
    }

    @Override
    public void sampled(SampleReport report) {
        listener.sampled(report);
    }

    @Override
    public void saved(long step, Path folder) {
        listener.saved(step, folder);
    }

    @Override
    public void finished(RunSummary summary) {
        flush();
        listener.finished(summary);
    }

    private void flush() {
        if (waiting.isEmpty()) {
            return;
        }
        StepReport last = waiting.getLast();
        listener.step(new StepReport(
                last.step(),
                last.totalSteps(),
                mean(StepReport::loss),
                mean(StepReport::ceLoss),
                mean(StepReport::accuracy),
                mean(StepReport::maskRatio),
                last.learningRate(),
                last.gradNorm(),
                last.scaling(),
                mean(StepReport::tokensPerSecond),
                last.nativeBytes(),
                last.elapsed()));
        waiting.clear();
    }

    private double mean(ToDoubleFunction<StepReport> value) {
        return waiting.stream()
                .mapToDouble(value)
                .filter(number -> !Double.isNaN(number))
                .average()
                .orElse(Double.NaN);
    }
}
