package org.panamask.diffusion;

/// What the loss of a row at time `t` of `0 .. T - 1` is multiplied with.
public enum TimeWeighting {
    /// `1 / (t + 1)`.
    ORIGINAL,
    /// `T - t`.
    LINEAR,
    /// 1.
    NONE;

    /// The factor at time `t` of `steps`.
    public double at(int t, int steps) {
        return switch (this) {
            case ORIGINAL -> 1.0 / (t + 1);
            case LINEAR -> steps - t;
            case NONE -> 1;
        };
    }
}
