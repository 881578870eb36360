package org.panamask.backend;

import org.panamask.tensor.DType;

/// The number type that weights are stored and multiplied in. Norms, softmax, losses and optimizer state are at least
/// f32 whatever is chosen.
public enum Precision {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point with the exponent range of f32.
    BF16,
    /// IEEE half: more digits than bf16, and a range that training keeps its gradients in by scaling the loss.
    F16,
    /// As [#BF16], but products of activations with frozen matrices whose extents are multiples of 16 are of 8-bit
    /// floats, e4m3 forward and e5m2 for gradients. A tensor is scaled as a whole, by the power of two that its
    /// largest magnitude allows, so unlike in other precisions a row's result depends on its neighbours.
    FP8,
    /// 64-bit floating point, to check others against.
    F64;

    /// The type of activations.
    public DType activations() {
        return switch (this) {
            case F32 -> DType.F32;
            case BF16, FP8 -> DType.BF16;
            case F16 -> DType.F16;
            case F64 -> DType.F64;
        };
    }
}
