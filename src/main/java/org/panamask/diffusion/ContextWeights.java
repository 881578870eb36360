package org.panamask.diffusion;

/// Dream's context-adaptive noise rescheduling (CART): a hidden token counts by the clean tokens around it, each by a
/// geometric distribution over its distance on both sides, `w[n] = sum over clean i != n of p / 2 * (1 - p)^(|n - i| -
/// 1)`.
///
/// Two exponential recursions give all of a row in O(L); the reference multiplies with an `[L, L]` matrix.
///
/// @param p of the geometric distribution, above 0 and at most 1: the larger, the nearer context must be
/// @see <a href="https://github.com/DreamLM/Dream">DreamLM/Dream</a>
/// @see <a href="https://github.com/ZHZisZZ/dllm">ZHZisZZ/dllm, dllm/pipelines/dream/trainer.py, cart_weight</a>
public record ContextWeights(double p) {
    /// Checks the range.
    public ContextWeights {
        if (!(p > 0 && p <= 1)) {
            throw new IllegalArgumentException("context weights: p must be above 0 and at most 1, but got " + p);
        }
    }

    /// Writes the weights of columns `from` to `to` into `weights`, as a text of its own. Clean columns get 0.
    ///
    /// @param hidden which columns are hidden
    /// @param weights filled between `from` and `to`
    /// @param from the first column
    /// @param to behind the last column
    public void fill(boolean[] hidden, double[] weights, int from, int to) {
        double left = 0;
        for (int n = from; n < to; n++) {
            weights[n] = hidden[n] ? p / 2 * left : 0;
            left = (1 - p) * left + (hidden[n] ? 0 : 1);
        }
        double right = 0;
        for (int n = to - 1; n >= from; n--) {
            weights[n] += hidden[n] ? p / 2 * right : 0;
            right = (1 - p) * right + (hidden[n] ? 0 : 1);
        }
    }
}
