package org.panamask.train;

/// What one optimizer step, or one pass over validation rows, gave.
///
/// @param loss the loss that was minimised
/// @param ceLoss mean cross entropy of a scored token, in nats; 0 when nothing was scored
/// @param accuracy share of scored tokens predicted right; not a number when nothing was scored
/// @param maskRatio share of the scorable tokens that were scored
/// @param gradNorm norm of all gradients before clipping; not finite where half precision overflowed; 0 for validation
/// @param learningRate the rate used; 0 for validation
/// @param skipped whether no weight changed, because gradients were not finite
/// @param tokens tokens computed, prompts and padding included
public record StepResult(
        double loss,
        double ceLoss,
        double accuracy,
        double maskRatio,
        double gradNorm,
        double learningRate,
        boolean skipped,
        long tokens) {}
