package org.panamask.diffusion;

/// Whether the loss of dllm's masked diffusion weighs rows by their time.
///
/// @see <a href="https://github.com/ZHZisZZ/dllm">ZHZisZZ/dllm, dllm/core/trainers/mdlm.py</a>
public enum LossWeightType {
    /// By the weight of the noise schedule.
    SCHEDULER,
    /// All alike.
    UNIFORM
}
