package org.panamask.eval;

/// How a model is read: it decides what its likelihood is and how it generates.
public sealed interface Method {
    /// A masked diffusion model under full attention.
    ///
    /// @param shift whether column i is predicted from the hidden state of column i - 1
    /// @param estimator how its likelihood is estimated
    record Diffusion(boolean shift, Estimator estimator) implements Method {
        /// With DiffuLLaMA's likelihood.
        public Diffusion(boolean shift) {
            this(shift, Estimator.DDM);
        }
    }

    /// A next-token model under causal attention.
    record Autoregressive() implements Method {}
}
