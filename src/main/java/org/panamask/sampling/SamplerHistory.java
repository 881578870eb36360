package org.panamask.sampling;

import java.util.ArrayList;
import java.util.List;

/// A listener that keeps the canvases of every step. One run at a time.
public final class SamplerHistory implements SamplerListener {
    private final List<SamplerStep> steps = new ArrayList<>();

    /// An empty history.
    public SamplerHistory() {}

    @Override
    public void changed(SamplerStep step) {
        steps.add(step);
    }

    /// The steps so far, the canvases before the first included.
    public List<SamplerStep> steps() {
        return List.copyOf(steps);
    }
}
