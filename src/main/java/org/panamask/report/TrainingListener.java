package org.panamask.report;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/// Is told what happens in a run, on the thread that trains. Each method does nothing unless overridden.
public interface TrainingListener {
    /// Of `total` examples `done` are tokenised; all of this comes before the run starts.
    default void tokenized(long done, long total) {}

    /// The run starts.
    default void started(RunPlan plan) {}

    /// An optimizer step is done.
    default void step(StepReport report) {}

    /// The validation rows have been evaluated.
    default void evaluated(EvaluationReport report) {}

    /// A sample has been generated.
    default void sampled(SampleReport report) {}

    /// The state after `step` steps is in `folder`.
    default void saved(long step, Path folder) {}

    /// The run is over; files are complete when this returns.
    default void finished(RunSummary summary) {}

    /// A listener that tells each of `listeners`, in their order.
    static TrainingListener all(List<TrainingListener> listeners) {
        List<TrainingListener> kept = List.copyOf(listeners);
        return new TrainingListener() {
            private void each(Consumer<TrainingListener> call) {
                kept.forEach(call);
            }

            @Override
            public void tokenized(long done, long total) {
                each(listener -> listener.tokenized(done, total));
            }

            @Override
            public void started(RunPlan plan) {
                each(listener -> listener.started(plan));
            }

            @Override
            public void step(StepReport report) {
                each(listener -> listener.step(report));
            }

            @Override
            public void evaluated(EvaluationReport report) {
                each(listener -> listener.evaluated(report));
            }

            @Override
            public void sampled(SampleReport report) {
                each(listener -> listener.sampled(report));
            }

            @Override
            public void saved(long step, Path folder) {
                each(listener -> listener.saved(step, folder));
            }

            @Override
            public void finished(RunSummary summary) {
                each(listener -> listener.finished(summary));
            }
        };
    }
}
