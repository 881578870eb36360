package org.panamask.nn;

import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// A low-rank branch beside a linear map: `scale * B (A drop(x))`.
///
/// @param a `[r, in]`
/// @param b `[out, r]`
/// @param scale alpha / r, or alpha / sqrt(r)
/// @param dropout the share of inputs dropped in training, in [0, 1)
/// @param site which dropout of the model this is
/// @see <a href="https://arxiv.org/abs/2106.09685">Hu et al. 2021</a>
public record Lora(Weight a, Weight b, float scale, double dropout, int site) {
    /// The same branch with another dropout.
    public Lora withDropout(double share) {
        return new Lora(a, b, scale, share, site);
    }

    /// `y` plus this branch of `x`; `y` `[N, out]` may be overwritten.
    Tensor add(Ops ops, Tensor y, Tensor x, Rows rows) {
        Tensor dropped = new Dropout(dropout, site).forward(ops, x, rows);
        return ops.addLinear(y, ops.linear(dropped, a), b, scale);
    }
}
