package org.panamask.nn;

import java.util.List;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Brings each row to mean 0 and variance 1, then scales and shifts it.
///
/// @param gain `[D]`
/// @param bias `[D]`
/// @param epsilon added to the variance
public record LayerNorm(Weight gain, Weight bias, double epsilon) {
    /// `x` `[N, D]`, normalised row by row.
    public Tensor forward(Ops ops, Tensor x) {
        return ops.layerNorm(x, gain, bias, epsilon);
    }

    /// Gain and bias.
    public List<Weight> weights() {
        return List.of(gain, bias);
    }
}
