package org.panamask.nn;

import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;

/// A linear map of rows: a whole one, or some of the outputs of one that several share.
public sealed interface RowMap permits Linear, RowMap.Part {
    /// `y` `[N, out]` of `x` `[N, in]`; `rows` are those of `x`.
    Tensor forward(Ops ops, Tensor x, Rows rows);

    /// The map that has the weights.
    Linear whole();

    /// The outputs `[from, from + count)` of a map. The whole map is computed for each of its parts.
    ///
    /// @param whole has the weights and perhaps an adapter
    /// @param from the first output
    /// @param count how many
    record Part(Linear whole, long from, long count) implements RowMap {
        @Override
        public Tensor forward(Ops ops, Tensor x, Rows rows) {
            return ops.columns(whole.forward(ops, x, rows), from, count);
        }
    }
}
