package org.panamask.data;

/// Which rows are kept for validation.
public enum ValSplit {
    /// The last ones. Source: LLaMA-Factory fork of DiffuLLaMA.
    TAIL,
    /// Random ones, and the others are trained on in random order. Source: LLaMA-Factory.
    SHUFFLE
}
