package org.panamask.nn;

import java.util.List;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;

/// The gated feed-forward part of a layer: `down(silu(gate(x)) * up(x))`.
///
/// @param gate `[F, D]`
/// @param up `[F, D]`
/// @param down `[D, F]`
public record SwiGlu(Linear gate, Linear up, Linear down) {
    /// `x` `[N, D]`, result `[N, D]`.
    public Tensor forward(Ops ops, Tensor x, Rows rows) {
        Tensor mixed = ops.swiGlu(gate.forward(ops, x, rows), up.forward(ops, x, rows)); // [N, F]
        return down.forward(ops, mixed, rows);
    }

    /// The three maps.
    public List<Linear> linears() {
        return List.of(gate, up, down);
    }
}
