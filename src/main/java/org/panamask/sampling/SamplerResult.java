package org.panamask.sampling;

import java.util.List;

/// Filled canvases and what they cost.
public final class SamplerResult {
    private final List<int[]> ids;
    private final List<double[]> probabilities;
    private final Work work;
    private final Savings savings;

    /// What a result cost.
    ///
    /// @param forwards forward passes
    /// @param rowForwards rows of all of them together
    /// @param filled tokens filled in
    record Work(int forwards, int rowForwards, int filled) {}

    SamplerResult(List<int[]> ids, List<double[]> probabilities, Work work, Savings savings) {
        this.ids = ids;
        this.probabilities = probabilities;
        this.work = work;
        this.savings = savings;
    }

    /// The ids of each row: the whole canvas, given columns included.
    public List<int[]> ids() {
        return ids;
    }

    /// The probability that each column's token had when it was put there: 1 where it was given, 0 where it is
    /// hidden still or stands behind the end of an answer. Empty for left-to-right decoding.
    public List<double[]> probabilities() {
        return probabilities;
    }

    /// The forward passes that were run.
    public int forwards() {
        return work.forwards();
    }

    /// The rows of all forward passes together.
    public int rowForwards() {
        return work.rowForwards();
    }

    /// The tokens that were filled in.
    public int filled() {
        return work.filled();
    }

    /// What was left out because it could not change the result.
    public Savings savings() {
        return savings;
    }
}
