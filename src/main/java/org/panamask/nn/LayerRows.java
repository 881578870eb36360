package org.panamask.nn;

import java.util.Optional;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;

/// What one layer computes: keys and values of all rows, results of the wanted ones. The last layer of a model wants
/// only what its caller asked for.
///
/// @param all the rows that come in, N of them
/// @param wanted the rows that go out, R of them
/// @param picked `[R]` I32, which rows go out; empty when all do
/// @param mask what each row that goes out may see
public record LayerRows(Rows all, Rows wanted, Optional<Tensor> picked, KeyIntervals mask) {
    /// The rows of `x` `[N, D]` that go out, `[R, D]`.
    public Tensor pick(Ops ops, Tensor x) {
        return picked.map(rows -> ops.gatherRows(x, rows)).orElse(x);
    }
}
