package org.panamask.nn;

import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Scales each row to unit root mean square, then by a gain.
///
/// @param gain `[D]`
/// @param epsilon added to the mean square
public record RmsNorm(Weight gain, double epsilon) {
    /// `x` `[N, D]`, normalised row by row.
    public Tensor forward(Ops ops, Tensor x) {
        return ops.rmsNorm(x, gain, epsilon);
    }
}
