package org.panamask.sampling;

import org.panamask.diffusion.AlphaSchedule;

/// The share of the hidden columns that opens in a step. Single precision, as in the references, decides some counts.
@FunctionalInterface
interface Shares {
    /// The share of `step`, counted from 0, of `steps`.
    float at(int step, int steps);

    /// Dream's `1 - s / t`, where times fall in equal steps from 1 to `eps`; all in the last step.
    ///
    /// @see <a href="https://github.com/DreamLM/Dream">DreamLM/Dream, generation_utils.py, _sample</a>
    static Shares timestep(double eps) {
        return (step, steps) ->
                step == steps - 1 ? 1 : 1 - time(step + 1, steps, (float) eps) / time(step, steps, (float) eps);
    }

    /// One of `steps + 1` numbers from 1 to `eps`, counted from the nearer end as PyTorch's linspace does.
    private static float time(int n, int steps, float eps) {
        float width = (eps - 1) / steps;
        return n < (steps + 1) / 2 ? 1 + width * n : eps - width * (steps - n);
    }

    /// `1 - (1 - alpha(s)) / (1 - alpha(t))` for the times before and after a step.
    static Shares of(AlphaSchedule schedule) {
        return (step, steps) -> {
            float t = (float) (steps - step) / steps;
            float s = (float) (steps - step - 1) / steps;
            return 1 - schedule.rate(s) / schedule.rate(t);
        };
    }
}
