package org.panamask.nn;

import java.util.List;
import java.util.stream.Stream;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;

/// Softmax attention with rotary positions; several query heads may share a key head.
///
/// @param query `[H * d, D]`
/// @param key `[K * d, D]`
/// @param value `[K * d, D]`
/// @param output `[D, H * d]`
/// @param heads how the projections are cut
/// @param probabilities what of them training drops
public record Attention(RowMap query, RowMap key, RowMap value, Linear output, Heads heads, Dropout probabilities) {
    /// How projections are cut into heads.
    ///
    /// @param queries H
    /// @param keys K, a divisor of H
    /// @param width d, even
    public record Heads(int queries, int keys, int width) {}

    /// `x` `[N, D]` for all rows, result `[R, D]` for the wanted ones.
    public Tensor forward(Ops ops, Tensor x, LayerRows rows, Rotary rotary) {
        Tensor seen = rows.all().distinct(ops, x);
        Tensor asking = rows.picked().isEmpty() ? seen : rows.pick(ops, x);
        Tensor q = rows.wanted().spread(ops, query.forward(ops, asking, rows.wanted())); // [R, H * d]
        Tensor k = rows.all().spread(ops, key.forward(ops, seen, rows.all())); // [N, K * d]
        Tensor v = rows.all().spread(ops, value.forward(ops, seen, rows.all()));
        Tensor mixed = ops.attention(
                ops.rotate(split(q, heads.queries()), rotary.at(rows.wanted())), // [R, H, d]
                rows.keys(ops, ops.rotate(split(k, heads.keys()), rotary.at(rows.all()))), // [N, K, d]
                rows.values(ops, split(v, heads.keys())),
                rows.mask(),
                probabilities.key(rows.wanted()));
        return output.forward(
                ops, mixed.reshape(mixed.shape().extent(0), (long) heads.queries() * heads.width()), rows.wanted());
    }

    private Tensor split(Tensor x, int count) {
        return x.reshape(x.shape().extent(0), count, heads.width());
    }

    /// The four maps; one that several share counts once.
    public List<Linear> linears() {
        return Stream.of(query.whole(), key.whole(), value.whole(), output)
                .distinct()
                .toList();
    }
}
