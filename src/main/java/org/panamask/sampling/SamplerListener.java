package org.panamask.sampling;

/// Watches canvases being filled in.
@FunctionalInterface
public interface SamplerListener {
    /// Nobody watches.
    SamplerListener NONE = _ -> {};

    /// Called before the first step and after every step in which something opened.
    void changed(SamplerStep step);
}
