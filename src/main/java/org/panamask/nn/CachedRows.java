package org.panamask.nn;

import java.util.Optional;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;

/// The rows that a pass computes where keys and values of all others come from a cache.
///
/// @param fed `[F]` I32, the rows among all N
/// @param kept those whose keys and values stay in the cache; empty when all do
public record CachedRows(Tensor fed, Optional<Kept> kept) {
    /// The rows that stay, where others are for this pass only.
    ///
    /// @param rows `[S]` I32, which of all N
    /// @param places `[S]` I32, which of the F
    public record Kept(Tensor rows, Tensor places) {}

    /// Keys or values of all rows: `cached` `[N, W]` with the `fresh` `[F, W]` in their places, which it keeps of
    /// the rows that stay.
    Tensor merge(Ops ops, Tensor cached, Tensor fresh) {
        if (kept.isEmpty()) {
            ops.storeRows(fresh, fed, cached);
            return cached;
        }
        Tensor seen = ops.withRows(cached, fed, fresh);
        kept.ifPresent(stays -> ops.storeRows(ops.gatherRows(fresh, stays.places()), stays.rows(), cached));
        return seen;
    }
}
