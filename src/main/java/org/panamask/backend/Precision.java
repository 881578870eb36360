package org.panamask.backend;

/// The number type that weights are stored and multiplied in. Norms, softmax, losses and optimizer state are at least
/// f32 whatever is chosen.
public enum Precision {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point with the exponent range of f32.
    BF16,
    /// IEEE half: more digits than bf16, and a range that training keeps its gradients in by scaling the loss.
    F16,
    /// 64-bit floating point, to check others against.
    F64
}
