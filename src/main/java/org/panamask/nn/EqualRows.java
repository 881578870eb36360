package org.panamask.nn;

import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;

/// Which of N rows hold the same values, so that a map that knows nothing of positions is computed for U of them.
///
/// @param distinct `[U]` I32, the rows that are computed
/// @param places `[N]` I32, which of the U each row is like
public record EqualRows(Tensor distinct, Tensor places) {
    /// The rows `[U, D]` of `x` `[N, D]` that are computed.
    Tensor distinct(Ops ops, Tensor x) {
        return ops.gatherRows(x, distinct);
    }

    /// All rows `[N, D]`, of which `y` `[U, D]` were computed.
    Tensor all(Ops ops, Tensor y) {
        return ops.gatherRows(y, places);
    }
}
