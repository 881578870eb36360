package org.panamask.nn;

import java.util.Optional;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;

/// Drops elements in training, and nothing otherwise.
///
/// @param rate the share of elements to drop, in [0, 1)
/// @param site which dropout of the model this is
public record Dropout(double rate, int site) {
    /// `x` `[N, D]` with elements dropped where `rows`, those of `x`, carry noise.
    public Tensor forward(Ops ops, Tensor x, Rows rows) {
        return key(rows).map(key -> ops.dropout(x, key)).orElse(x);
    }

    /// Names the noise of `rows`; empty where nothing is dropped.
    public Optional<DropoutKey> key(Rows rows) {
        return rate == 0
                ? Optional.empty()
                : rows.dropout().map(noise -> new DropoutKey(rate, noise.seed(), site, noise.keys()));
    }
}
