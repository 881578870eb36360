package org.panamask.train;

import org.panamask.config.Key;
import org.panamask.config.Refuses;
import org.panamask.config.Require;
import org.panamask.config.Settings;

/// How the weights are trained.
///
/// @param microBatch rows computed at once
/// @param accumulate micro-batches of one optimizer step
/// @param learningRate the highest learning rate
/// @param scheduler how the learning rate falls
/// @param warmupSteps steps over which the learning rate rises from 0; wins over `warmupRatio`
/// @param warmupRatio the same as a share of all steps
/// @param epochs passes over the training rows
/// @param maxSteps optimizer steps; above 0 it wins over `epochs`
/// @param stepCount how the steps of an epoch are counted
/// @param weightDecay decoupled decay of every weight but norms and biases
/// @param adamBeta1 decay of the gradient mean
/// @param adamBeta2 decay of the squared gradient mean
/// @param adamEpsilon added to the denominator
/// @param maxGradNorm gradients are scaled down to this norm; 0 or less never scales
/// @param recompute whether layers are computed again on the way back instead of kept
/// @param seed of noise, data order, dropout and new weights
/// @param logEvery steps from one logged line to the next
/// @param evalEvery steps from one validation to the next; 0 validates only at the end
/// @param evalBatch validation rows computed at once; 0 means `microBatch`
/// @param evalNll whether a validation estimates the likelihood of a token too
/// @param evalNllSteps the times at which that masks each row
/// @param sampleEvery steps from one sample to the next; 0 samples never
/// @param saveEvery steps from one checkpoint to the next; 0 saves only at the end
/// @param saveTotalLimit how many of the newest checkpoints are kept; 0 keeps all
/// @param overwriteOutput whether what an earlier run left in the output folder is taken away
@Refuses({
    @Refuses.Entry(key = "per_device_train_batch_size", why = "it is called micro_batch here"),
    @Refuses.Entry(key = "gradient_accumulation_steps", why = "it is called accumulate here"),
    @Refuses.Entry(key = "num_train_epochs", why = "it is called epochs here"),
    @Refuses.Entry(key = "lr_scheduler_type", why = "it is called scheduler here"),
    @Refuses.Entry(key = "logging_steps", why = "it is called log_every here"),
    @Refuses.Entry(key = "save_steps", why = "it is called save_every here"),
    @Refuses.Entry(key = "eval_steps", why = "it is called eval_every here"),
    @Refuses.Entry(key = "overwrite_output_dir", why = "it is called overwrite_output here"),
    @Refuses.Entry(key = "disable_gradient_checkpointing", why = "recompute: true says the opposite of it"),
    @Refuses.Entry(key = "per_device_eval_batch_size", why = "it is called eval_batch here"),
    @Refuses.Entry(
            key = "resume_from_checkpoint",
            why = "a run leaves weights, not optimizer state; name its folder as model.adapter to go on from them"),
    @Refuses.Entry(key = "fp16", why = "the number type is backend.dtype"),
    @Refuses.Entry(key = "bf16", why = "the number type is backend.dtype"),
    @Refuses.Entry(key = "pure_bf16", why = "trained weights are kept in f32; take backend.dtype: bf16"),
    @Refuses.Entry(key = "deepspeed", why = "ranks.optimizer: sharded is its stage 1; leave it out"),
    @Refuses.Entry(key = "report_to", why = "every run writes metrics.jsonl and TensorBoard events; leave it out")
})
public record TrainSettings(
        @Key(value = "8", doc = "rows computed at once, at least 1; lower it when memory runs out")
        int microBatch,

        @Key(value = "1", doc = "micro-batches summed into one optimizer step, at least 1")
        int accumulate,

        @Key(value = "5e-5", doc = "highest learning rate, above 0")
        double learningRate,

        @Key(value = "cosine", doc = "how the learning rate goes on after the warmup")
        Scheduler scheduler,

        @Key(value = "0", doc = "optimizer steps over which the learning rate rises from 0; wins over warmup_ratio")
        int warmupSteps,

        @Key(value = "0.0", doc = "warmup as a share of all steps, from 0 to 1")
        double warmupRatio,

        @Key(value = "3.0", doc = "passes over the training rows, above 0")
        double epochs,

        @Key(value = "0", doc = "optimizer steps; above 0 it wins over epochs")
        int maxSteps,

        @Key(
                value = "ceil",
                doc = "steps of an epoch whose rows do not fill the last one: count it (ceil), or carry its rows over"
                        + " (floor)")
        StepCount stepCount,

        @Key(value = "0.0", doc = "decoupled weight decay of everything but norms and biases, at least 0")
        double weightDecay,

        @Key(value = "0.9", doc = "AdamW: decay of the mean gradient, at least 0 and below 1")
        double adamBeta1,

        @Key(value = "0.999", doc = "AdamW: decay of the mean squared gradient, at least 0 and below 1")
        double adamBeta2,

        @Key(value = "1e-8", doc = "AdamW: added to the denominator, above 0")
        double adamEpsilon,

        @Key(value = "1.0", doc = "scale gradients down to this norm; 0 or less never scales")
        double maxGradNorm,

        @Key(
                value = "false",
                doc = "keep only the input of each layer and compute the layer again on the way back: less memory, more"
                        + " time, the same numbers")
        boolean recompute,

        @Key(value = "42", doc = "seed of noise, data order, dropout and new weights")
        long seed,

        @Key(value = "10", doc = "optimizer steps from one logged line to the next, at least 1")
        int logEvery,

        @Key(value = "0", doc = "optimizer steps from one validation to the next; 0 validates only at the end")
        int evalEvery,

        @Key(value = "0", doc = "validation rows computed at once; 0 means as many as micro_batch")
        int evalBatch,

        @Key(
                value = "false",
                doc = "estimate at each validation the negative log-likelihood of a token too, which unlike the loss"
                        + " can be compared between runs")
        boolean evalNll,

        @Key(
                value = "32",
                doc = "times at which that estimate masks each row, at least 1; every one costs a pass over the"
                        + " validation rows")
        int evalNllSteps,

        @Key(value = "0", doc = "optimizer steps from one sample to the next; 0 samples never")
        int sampleEvery,

        @Key(value = "0", doc = "optimizer steps from one checkpoint to the next; 0 saves only at the end")
        int saveEvery,

        @Key(value = "0", doc = "checkpoints that are kept, the newest; 0 keeps all")
        int saveTotalLimit,

        @Key(
                value = "false",
                doc = "take away what an earlier run left in the output folder when the run starts; otherwise a folder"
                        + " with a result is refused")
        boolean overwriteOutput) {

    /// How the learning rate goes on after the warmup.
    public enum Scheduler {
        /// Half a cosine down to 0.
        COSINE,
        /// A straight line down to 0.
        LINEAR,
        /// The highest rate throughout, warmup ignored.
        CONSTANT,
        /// The highest rate from the end of the warmup on.
        CONSTANT_WITH_WARMUP
    }

    /// How the optimizer steps of an epoch are counted.
    public enum StepCount {
        /// A last, shorter step of an epoch counts.
        CEIL,
        /// Micro-batches left over at the end of an epoch go into the first step of the next.
        FLOOR
    }

    /// Checks the ranges.
    public TrainSettings {
        Require.atLeast("micro_batch", microBatch, 1);
        Require.atLeast("accumulate", accumulate, 1);
        Require.positive("learning_rate", learningRate);
        Require.atLeast("warmup_steps", warmupSteps, 0);
        Require.that(warmupRatio >= 0 && warmupRatio <= 1, "warmup_ratio must be between 0 and 1, not " + warmupRatio);
        Require.positive("epochs", epochs);
        Require.atLeast("max_steps", maxSteps, 0);
        Require.notNegative("weight_decay", weightDecay);
        Require.shareBelowOne("adam_beta1", adamBeta1);
        Require.shareBelowOne("adam_beta2", adamBeta2);
        Require.positive("adam_epsilon", adamEpsilon);
        Require.atLeast("log_every", logEvery, 1);
        Require.atLeast("eval_every", evalEvery, 0);
        Require.atLeast("eval_batch", evalBatch, 0);
        Require.atLeast("eval_nll_steps", evalNllSteps, 1);
        Require.atLeast("sample_every", sampleEvery, 0);
        Require.atLeast("save_every", saveEvery, 0);
        Require.atLeast("save_total_limit", saveTotalLimit, 0);
    }

    /// Every key at its default.
    public static TrainSettings defaults() {
        return Settings.defaults(TrainSettings.class);
    }

    /// A copy with one key changed, named as in a recipe: `with("learning_rate", 1e-4)`.
    ///
    /// @throws org.panamask.config.SettingException if there is no such key or it does not take `value`
    public TrainSettings with(String key, Object value) {
        return Settings.with(this, key, value);
    }
}
