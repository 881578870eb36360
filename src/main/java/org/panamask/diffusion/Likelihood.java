package org.panamask.diffusion;

import java.util.function.IntConsumer;

/// Estimates how likely a model finds the maskable tokens of rows: the mean over `steps` evenly spaced times of the
/// mean cross entropy of what is hidden then. It bounds the negative log-likelihood of a token from above; its
/// exponential is a perplexity bound.
///
/// @param model the model
/// @param passes where its passes run
/// @param steps the number of times, at least 1
/// @param loss what is scored; only its shift matters
/// @param masker hides tokens
/// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA, train/ddm/trainer.py, eval_forward</a>
public record Likelihood(Denoiser model, Passes passes, int steps, DiffusionLoss loss, Masker masker) {
    /// Checks the range.
    public Likelihood {
        if (steps < 1) {
            throw new IllegalArgumentException("likelihood: steps must be at least 1, but got " + steps);
        }
    }

    /// What was estimated, in nats for a token.
    public static final class Estimate {
        private final double[] rows;
        private final double pooled;

        Estimate(double[] rows, double pooled) {
            this.rows = rows;
            this.pooled = pooled;
        }

        /// Of each row or packed segment by itself; one of which nothing is hidden at some time counts 0 there.
        public double[] rows() {
            return rows;
        }

        /// Of all rows together, each hidden token counting the same at its time.
        public double pooled() {
            return pooled;
        }
    }

    /// The rows as the model sees them at level `k`, of time `(steps - k) / steps`.
    public Corrupted corrupt(TokenRows rows, int k) {
        return masker.corrupt(rows, (float) ((steps - k) / (double) steps), k);
    }

    /// The estimate for `rows`.
    public Estimate estimate(TokenRows rows) {
        return estimate(rows, _ -> {});
    }

    /// The estimate for `rows`; `done` hears after each time how many of them are done.
    public Estimate estimate(TokenRows rows, IntConsumer done) {
        double[] estimates = new double[rows.samples().length];
        double pooled = 0;
        for (int k = 0; k < steps; k++) {
            Corrupted noisy = corrupt(rows, k);
            ScoredRows scored = loss.score(noisy, new LossWindow(1, Math.max(1, loss.scorable(rows))));
            if (!scored.isEmpty()) {
                double[] entropies = passes.run(ops -> scored.entropies(ops, model, noisy.canvas()));
                pooled += add(estimates, scored, entropies, rows.segments());
            }
            done.accept(k + 1);
        }
        for (int s = 0; s < estimates.length; s++) {
            estimates[s] /= steps;
        }
        return new Estimate(estimates, pooled / steps);
    }

    /// Adds the mean of each segment to its estimate, and gives the mean of all.
    private static double add(double[] estimates, ScoredRows scored, double[] entropies, int[] segments) {
        double[] sums = new double[estimates.length];
        int[] counts = new int[estimates.length];
        double sum = 0;
        for (int n = 0; n < entropies.length; n++) {
            int s = segments[scored.rows()[n]];
            sums[s] += entropies[n];
            counts[s]++;
            sum += entropies[n];
        }
        for (int s = 0; s < sums.length; s++) {
            estimates[s] += counts[s] == 0 ? 0 : sums[s] / counts[s];
        }
        return sum / entropies.length;
    }
}
