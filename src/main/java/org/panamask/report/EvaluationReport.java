package org.panamask.report;

import java.time.Duration;
import java.util.Optional;

/// One pass over the validation rows.
///
/// @param step optimizer steps done
/// @param loss the training loss on these rows
/// @param ceLoss the cross entropy of a masked token without the weight 1/t, in nats
/// @param accuracy share of the masked tokens predicted right
/// @param nll the likelihood of a token, where it was measured
/// @param rows validation rows
/// @param elapsed time since the run was started or resumed
public record EvaluationReport(
        long step, double loss, double ceLoss, double accuracy, Optional<Nll> nll, long rows, Duration elapsed) {
    /// Negative log-likelihood of a token in nats; for a diffusion model an estimate of a bound.
    ///
    /// @param value mean over the rows
    /// @param standardError of that mean; not a number for a single row
    public record Nll(double value, double standardError) {}
}
