package org.panamask.diffusion;

/// What the weighted sum of cross entropies is divided by.
public enum LossNormalization {
    /// The masked tokens of the micro-batch, as the published implementation does; depends on the micro-batch size.
    REFERENCE,
    /// The scored tokens of the whole optimizer step, masked or not; does not depend on how the step is cut.
    TOKEN_BOUND
}
