package org.panamask.diffusion;

import java.util.Arrays;

/// Puts noise into rows: a time for each row or packed segment, uniform in `[epsilon, 1)`, which is the probability of
/// each maskable token to be hidden. Single precision throughout, like the published implementation.
///
/// @param maskToken the id that hides a token
/// @param epsilon the least time, at least 0 and below 1
/// @param noise where random numbers come from
/// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA, train/ddm/trainer.py, inner_forward and
///     transition</a>
public record Masker(int maskToken, double epsilon, NoiseSource noise) {
    /// Draws a time for each segment and hides tokens by it. `step` is the optimizer step, counted from 0.
    public Corrupted corrupt(TokenRows rows, int step) {
        float[] times = times(rows, step);
        return corrupt(rows, times, times, step);
    }

    /// The same where tokens are hidden with the probability that `schedule` has at the time.
    public Corrupted corrupt(TokenRows rows, AlphaSchedule schedule, int step) {
        float[] times = times(rows, step);
        float[] rates = new float[times.length];
        for (int s = 0; s < rates.length; s++) {
            rates[s] = schedule.rate(times[s]);
        }
        return corrupt(rows, times, rates, step);
    }

    private float[] times(TokenRows rows, int step) {
        float[] times = new float[rows.samples().length];
        for (int s = 0; s < times.length; s++) {
            float u = noise.uniform(NoisePurpose.TIME, rows.samples()[s], 0, step);
            float spread = (float) (1 - epsilon) * u;
            times[s] = spread + (float) epsilon;
        }
        return times;
    }

    /// Hides tokens at one given time everywhere.
    public Corrupted corrupt(TokenRows rows, float time, int step) {
        float[] times = new float[rows.samples().length];
        Arrays.fill(times, time);
        return corrupt(rows, times, times, step);
    }

    private Corrupted corrupt(TokenRows rows, float[] times, float[] rates, int step) {
        int[] ids = rows.ids().clone();
        boolean[] hidden = new boolean[ids.length];
        for (int n = 0; n < ids.length; n++) {
            int s = rows.segments()[n];
            hidden[n] = rows.maskable()[n]
                    && noise.uniform(NoisePurpose.MASK, rows.samples()[s], rows.positions()[n], step) < rates[s];
            ids[n] = hidden[n] ? maskToken : ids[n];
        }
        return new Corrupted(rows, ids, hidden, maskToken, times);
    }
}
