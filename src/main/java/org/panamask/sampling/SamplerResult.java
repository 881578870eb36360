package org.panamask.sampling;

import java.util.List;

/// Filled canvases and what they cost.
public final class SamplerResult {
    private final List<int[]> ids;
    private final int forwards;
    private final int rowForwards;
    private final int filled;

    SamplerResult(List<int[]> ids, int forwards, int rowForwards, int filled) {
        this.ids = ids;
        this.forwards = forwards;
        this.rowForwards = rowForwards;
        this.filled = filled;
    }

    /// The ids of each row: the whole canvas, given columns included.
    public List<int[]> ids() {
        return ids;
    }

    /// The forward passes that were run.
    public int forwards() {
        return forwards;
    }

    /// The rows of all forward passes together.
    public int rowForwards() {
        return rowForwards;
    }

    /// The tokens that were filled in.
    public int filled() {
        return filled;
    }
}
