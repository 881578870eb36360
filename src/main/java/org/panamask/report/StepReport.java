package org.panamask.report;

import java.time.Duration;
import java.util.Optional;

/// One optimizer step.
///
/// @param step counted from 1
/// @param totalSteps optimizer steps of the whole run
/// @param loss the loss that was minimised
/// @param ceLoss the cross entropy of a masked token without the weight 1/t, in nats
/// @param accuracy share of the masked tokens predicted right; not a number when nothing was masked
/// @param maskRatio share of the maskable tokens that were masked
/// @param learningRate the rate this step used
/// @param gradNorm the norm of all gradients before clipping
/// @param scaling how half precision is kept in range; empty where nothing is scaled
/// @param tokensPerSecond tokens of the step, prompts and padding included, by its time
/// @param nativeBytes native memory in use
/// @param elapsed time since the run was started or resumed
public record StepReport(
        long step,
        long totalSteps,
        double loss,
        double ceLoss,
        double accuracy,
        double maskRatio,
        double learningRate,
        double gradNorm,
        Optional<Scaling> scaling,
        double tokensPerSecond,
        long nativeBytes,
        Duration elapsed) {

    /// Dynamic loss scaling.
    ///
    /// @param lossScale what the loss of the next step is multiplied with
    /// @param skippedSteps steps so far that changed no weight because gradients were not finite
    public record Scaling(double lossScale, long skippedSteps) {}
}
