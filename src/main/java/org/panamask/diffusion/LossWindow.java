package org.panamask.diffusion;

/// The micro-batches whose gradients are summed into one optimizer step.
///
/// @param microBatches how many there are
/// @param scoredTokens the columns that may be scored in all of them together, from the loss's `scorable`
public record LossWindow(int microBatches, long scoredTokens) {
    /// Checks the ranges.
    public LossWindow {
        if (microBatches < 1 || scoredTokens < 0) {
            throw new IllegalArgumentException("loss window: at least 1 micro-batch and 0 tokens are needed, but got "
                    + microBatches + " and " + scoredTokens);
        }
    }
}
