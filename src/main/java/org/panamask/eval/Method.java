package org.panamask.eval;

/// How a model is read: it decides what its likelihood is and how it generates.
public sealed interface Method {
    /// A masked diffusion model under full attention.
    ///
    /// @param shift whether column i is predicted from the hidden state of column i - 1
    record Diffusion(boolean shift) implements Method {}

    /// A next-token model under causal attention.
    record Autoregressive() implements Method {}
}
