package org.panamask.diffusion;

import java.util.Arrays;

/// Puts noise into rows: a time for each row, uniform in `[epsilon, 1)`, which is the probability of each maskable
/// token to be hidden. Single precision throughout, like the published implementation.
///
/// @param maskToken the id that hides a token
/// @param epsilon the least time, in (0, 1)
/// @param noise where random numbers come from
/// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA, train/ddm/trainer.py, inner_forward and
///     transition</a>
public record Masker(int maskToken, double epsilon, NoiseSource noise) {
    /// Draws a time for each row and hides tokens by it. `step` is the optimizer step, counted from 0.
    public Corrupted corrupt(TokenRows rows, int step) {
        float[] times = new float[rows.batch()];
        for (int b = 0; b < times.length; b++) {
            float u = noise.uniform(NoisePurpose.TIME, rows.samples()[b], 0, step);
            float spread = (float) (1 - epsilon) * u;
            times[b] = spread + (float) epsilon;
        }
        return corrupt(rows, times, step);
    }

    /// Hides tokens at one given time in every row.
    public Corrupted corrupt(TokenRows rows, float time, int step) {
        float[] times = new float[rows.batch()];
        Arrays.fill(times, time);
        return corrupt(rows, times, step);
    }

    private Corrupted corrupt(TokenRows rows, float[] times, int step) {
        int tokens = rows.tokens();
        int[] ids = rows.ids().clone();
        boolean[] masked = new boolean[ids.length];
        for (int n = 0; n < ids.length; n++) {
            int b = n / tokens;
            if (rows.maskable()[n]
                    && noise.uniform(NoisePurpose.MASK, rows.samples()[b], n % tokens, step) < times[b]) {
                ids[n] = maskToken;
            }
            masked[n] = ids[n] == maskToken;
        }
        return new Corrupted(rows, ids, masked, times);
    }
}
