package org.panamask.train;

/// The learning rate of each optimizer step, as Hugging Face's schedulers give it: a linear warmup, then what the
/// scheduler says. The first step of a warmup has rate 0, and a cosine that runs past its last step rises again, both
/// as in the reference.
///
/// @param scheduler how the rate goes on after the warmup
/// @param learningRate the highest rate
/// @param warmupSteps steps of the warmup
/// @param totalSteps steps of the run
/// @see <a href="https://github.com/huggingface/transformers">huggingface/transformers, optimization.py,
///     get_cosine_schedule_with_warmup and its siblings</a>
public record Schedule(TrainSettings.Scheduler scheduler, double learningRate, long warmupSteps, long totalSteps) {
    /// The schedule of a run of `totalSteps`; `warmup_steps` wins over `warmup_ratio`.
    public static Schedule of(TrainSettings settings, long totalSteps) {
        long warmup = settings.warmupSteps() > 0
                ? settings.warmupSteps()
                : (long) Math.ceil(settings.warmupRatio() * totalSteps);
        return new Schedule(settings.scheduler(), settings.learningRate(), warmup, totalSteps);
    }

    /// The rate that step `step` uses, counted from 0.
    public double at(long step) {
        return learningRate * factor(step);
    }

    private double factor(long step) {
        boolean warming = step < warmupSteps && scheduler != TrainSettings.Scheduler.CONSTANT;
        if (warming) {
            return (double) step / Math.max(1, warmupSteps);
        }
        double rest = Math.max(1, totalSteps - warmupSteps);
        return switch (scheduler) {
            case COSINE -> Math.max(0, 0.5 * (1 + StrictMath.cos(Math.PI * ((step - warmupSteps) / rest))));
            case LINEAR -> Math.max(0, (totalSteps - step) / rest);
            case CONSTANT, CONSTANT_WITH_WARMUP -> 1;
        };
    }
}
