package org.panamask.nn;

import java.util.Optional;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;

/// What one layer computes: keys and values of the rows that come in, results of the wanted ones. The last layer of a
/// model wants only what its caller asked for.
///
/// @param all the rows that come in, N of them
/// @param wanted the rows that go out, R of them
/// @param picked `[R]` I32, which rows go out; empty when all do
/// @param mask what each row that goes out may see
/// @param cached keys and values of further rows that may be seen; empty when all rows come in
public record LayerRows(
        Rows all, Rows wanted, Optional<Tensor> picked, KeyIntervals mask, Optional<CachedLayer> cached) {
    /// The rows of `x` `[N, D]` that go out, `[R, D]`.
    public Tensor pick(Ops ops, Tensor x) {
        return picked.map(rows -> ops.gatherRows(x, rows)).orElse(x);
    }

    /// The keys that may be seen, of which `fresh` `[N, K, d]` come in.
    public Tensor keys(Ops ops, Tensor fresh) {
        return cached.map(layer -> merged(ops, layer.rows(), layer.keys(), fresh))
                .orElse(fresh);
    }

    /// The values that may be seen, of which `fresh` `[N, K, d]` come in.
    public Tensor values(Ops ops, Tensor fresh) {
        return cached.map(layer -> merged(ops, layer.rows(), layer.values(), fresh))
                .orElse(fresh);
    }

    /// The same with a cache.
    public LayerRows withCache(CachedLayer layer) {
        return new LayerRows(all, wanted, picked, mask, Optional.of(layer));
    }

    private static Tensor merged(Ops ops, CachedRows rows, Tensor kept, Tensor fresh) {
        long heads = fresh.shape().extent(1);
        Tensor all = rows.merge(
                ops,
                kept,
                fresh.reshape(fresh.shape().extent(0), heads * fresh.shape().last()));
        return all.reshape(all.shape().extent(0), heads, fresh.shape().last());
    }
}
