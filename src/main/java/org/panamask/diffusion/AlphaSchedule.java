package org.panamask.diffusion;

/// How much of a row is still clean at time `t`: `alpha(t)`, from 1 at `t = 0` down to 0 at `t = 1`. Single precision,
/// like the published implementation.
///
/// @see <a href="https://github.com/ZHZisZZ/dllm">ZHZisZZ/dllm, dllm/core/schedulers/alpha.py</a>
public enum AlphaSchedule {
    /// `1 - t`.
    LINEAR,
    /// `1 - cos(pi / 2 * (1 - t))`.
    COSINE;

    // dllm/core/schedulers/alpha.py, weight: keeps the weight finite at t = 0.
    private static final double LEAST_RATE = 1e-6;

    /// The share of tokens that are clean at time `t`.
    public float alpha(float t) {
        return switch (this) {
            case LINEAR -> 1 - t;
            case COSINE -> 1 - (float) StrictMath.cos(angle(t));
        };
    }

    /// The probability of a token to be hidden at time `t`: `1 - alpha(t)`.
    public float rate(float t) {
        return 1 - alpha(t);
    }

    /// What the bound on the likelihood multiplies the cross entropy of a hidden token with:
    /// `-alpha'(t) / (1 - alpha(t) + 1e-6)`.
    public double weight(float t) {
        double fall = switch (this) {
            case LINEAR -> 1;
            case COSINE -> StrictMath.PI / 2 * StrictMath.sin(angle(t));
        };
        return fall / (rate(t) + LEAST_RATE);
    }

    private static float angle(float t) {
        return (float) (StrictMath.PI / 2) * (1 - t);
    }
}
