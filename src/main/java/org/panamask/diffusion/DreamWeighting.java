package org.panamask.diffusion;

/// What Dream's loss multiplies the cross entropy of a hidden token with, by the time `t` of its row.
public enum DreamWeighting {
    /// `1 / t`.
    ORIGINAL,
    /// `1 - t`.
    LINEAR,
    /// Context-adaptive noise rescheduling: how much clean context stands near the token, instead of the time. See
    /// [ContextWeights].
    CART,
    /// 1.
    NONE
}
