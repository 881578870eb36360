package org.panamask.sampling;

import java.util.List;

/// The canvases after a denoising step in which something opened, or before the first.
public final class SamplerStep {
    private final int step;
    private final int steps;
    private final List<int[]> ids;
    private final List<double[]> probabilities;

    SamplerStep(int step, int steps, List<int[]> ids, List<double[]> probabilities) {
        this.step = step;
        this.steps = steps;
        this.ids = ids;
        this.probabilities = probabilities;
    }

    /// 0 before the first step, then the number of the step.
    public int step() {
        return step;
    }

    /// The number of steps asked for.
    public int steps() {
        return steps;
    }

    /// The ids of each row.
    public List<int[]> ids() {
        return ids;
    }

    /// The probability that each column's token had in the last prediction of its row: 1 where it was given, 0
    /// where it is hidden.
    public List<double[]> probabilities() {
        return probabilities;
    }
}
