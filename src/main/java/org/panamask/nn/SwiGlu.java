package org.panamask.nn;

import java.util.List;
import java.util.stream.Stream;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;

/// The gated feed-forward part of a layer: `down(silu(gate(x)) * up(x))`.
///
/// @param gate `[F, D]`
/// @param up `[F, D]`
/// @param down `[D, F]`
public record SwiGlu(RowMap gate, RowMap up, Linear down) {
    /// `x` `[N, D]`, result `[N, D]`.
    public Tensor forward(Ops ops, Tensor x, Rows rows) {
        Tensor mixed = ops.swiGlu(gate.forward(ops, x, rows), up.forward(ops, x, rows)); // [N, F]
        return down.forward(ops, mixed, rows);
    }

    /// The three maps; one that two share counts once.
    public List<Linear> linears() {
        return Stream.of(gate.whole(), up.whole(), down).distinct().toList();
    }
}
