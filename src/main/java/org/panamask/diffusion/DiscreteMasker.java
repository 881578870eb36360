package org.panamask.diffusion;

/// Puts noise into rows at whole times: a time `t` for each segment, uniform in `0 .. T - 1`, and each maskable token
/// hidden with probability `(t + 1) / T`. Single precision, like the published implementation.
///
/// @param maskToken the id that hides a token
/// @param steps T, at least 1
/// @param noise where random numbers come from
/// @see <a href="https://github.com/HKUNLP/diffusion-vs-ar">HKUNLP/diffusion-vs-ar, q_sample</a>
public record DiscreteMasker(int maskToken, int steps, NoiseSource noise) {
    /// Checks the range.
    public DiscreteMasker {
        if (steps < 1) {
            throw new IllegalArgumentException("discrete masker: steps must be at least 1, but got " + steps);
        }
    }

    /// Rows after noise, and the time of each segment: of each row where rows are not packed.
    public static final class Noisy {
        private final TokenRows clean;
        private final int[] ids;
        private final boolean[] hidden;
        private final int[] times;

        Noisy(TokenRows clean, int[] ids, boolean[] hidden, int[] times) {
            this.clean = clean;
            this.ids = ids;
            this.hidden = hidden;
            this.times = times;
        }

        /// The rows before noise.
        public TokenRows clean() {
            return clean;
        }

        /// The ids after noise, row after row.
        public int[] ids() {
            return ids;
        }

        /// Which columns noise has hidden; a mask token that stood there before is not one of them.
        public boolean[] hidden() {
            return hidden;
        }

        /// The time of segment `s`.
        public int time(int s) {
            return times[s];
        }

        /// What the model is shown: the noisy ids under what the rows may see.
        public Canvas canvas() {
            return Canvas.of(clean.batch(), clean.tokens(), ids)
                    .withPositions(clean.positions())
                    .withMask(clean.visible());
        }
    }

    /// Draws a time for each segment and hides tokens by it. `step` is the optimizer step, counted from 0.
    public Noisy corrupt(TokenRows rows, int step) {
        int[] times = new int[rows.samples().length];
        for (int s = 0; s < times.length; s++) {
            float u = noise.uniform(NoisePurpose.TIME, rows.samples()[s], 0, step);
            times[s] = Math.min(steps - 1, (int) (u * steps));
        }
        return corrupt(rows, times, step);
    }

    /// Hides tokens at given times, one for each segment, each in `0 .. T - 1`.
    public Noisy corrupt(TokenRows rows, int[] times, int step) {
        int[] ids = rows.ids().clone();
        boolean[] hidden = new boolean[ids.length];
        for (int n = 0; n < ids.length; n++) {
            int s = rows.segments()[n];
            hidden[n] = rows.maskable()[n]
                    && noise.uniform(NoisePurpose.MASK, rows.samples()[s], rows.positions()[n], step)
                            < (times[s] + 1) / (float) steps;
            ids[n] = hidden[n] ? maskToken : ids[n];
        }
        return new Noisy(rows, ids, hidden, times.clone());
    }
}
