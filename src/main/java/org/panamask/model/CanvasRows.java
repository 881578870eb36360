package org.panamask.model;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.EqualTokens;
import org.panamask.diffusion.KeyCache;
import org.panamask.nn.CachedLayer;
import org.panamask.nn.CachedRows;
import org.panamask.nn.EqualRows;
import org.panamask.nn.LayerRows;
import org.panamask.nn.Rows;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// The rows of a canvas on the device.
///
/// @param canvas the canvas
/// @param first what the first of several layers computes: all fed rows in and out
/// @param inner what inner layers compute: all fed rows in and out
/// @param last what the last layer computes: all fed rows in, the wanted ones out
/// @param cached where keys and values of other rows come from
record CanvasRows(Canvas canvas, LayerRows first, LayerRows inner, LayerRows last, Optional<CachedRows> cached) {
    /// Rows that stand for others are computed in steps of so many, so that products come in few sizes.
    private static final int DISTINCT_STEP = 16;

    /// Uploads what the layers need to know of `canvas`.
    ///
    /// @throws ModelException if a position or an id is out of the model's range, or rows are missing that are to
    ///     be seen
    static CanvasRows upload(Ops ops, Canvas canvas, ModelFacts facts) {
        int[] positions = canvas.positions();
        int[] fed = canvas.fed();
        requireBelow("positions", positions, facts.maxPositions(), "take a shorter canvas");
        requireBelow("token ids", canvas.ids(), facts.vocabularySize(), "take the tokenizer of the model");
        KeyIntervals mask = canvas.mask().lower(canvas.batch(), canvas.tokens(), fed);
        Optional<CachedRows> cached = canvas.cache().map(cache -> {
            requireSeen(canvas, cache, mask);
            return cachedRows(ops, fed, canvas.kept());
        });
        Rows all = rows(ops, canvas, fed);
        LayerRows inner = new LayerRows(all, all, Optional.empty(), mask, Optional.empty());
        if (canvas.wantsAllRows()) {
            return new CanvasRows(canvas, inner, inner, inner, cached);
        }
        int[] wanted = canvas.rows();
        LayerRows last = new LayerRows(
                all,
                rows(ops, canvas, wanted),
                Optional.of(upload(ops, places(wanted, fed))),
                canvas.mask().lower(canvas.batch(), canvas.tokens(), wanted),
                Optional.empty());
        return new CanvasRows(canvas, inner, inner, last, cached);
    }

    /// The same for a model whose layers see positions by rotation alone: if the canvas allows it, the first of
    /// several layers forms queries, keys and values once for all rows with the same token. Not on a device that
    /// rounds numbers of rows: there the number of different tokens would be one more in which passes differ.
    CanvasRows withEqualTokens(Ops ops) {
        boolean rounds = ops.roundRows(1, canvas.fed().length) > 1;
        if (rounds || canvas.dropout().isPresent() || canvas.soft().isPresent()) {
            return this;
        }
        return canvas.equalTokens()
                .flatMap(equal -> equalRows(ops, equal))
                .map(equal -> {
                    Rows rows = inner.all().withEqual(equal);
                    LayerRows sharing = new LayerRows(rows, rows, inner.picked(), inner.mask(), inner.cached());
                    return new CanvasRows(canvas, sharing, inner, last, cached);
                })
                .orElse(this);
    }

    private Optional<EqualRows> equalRows(Ops ops, EqualTokens counter) {
        int[] fed = canvas.fed();
        int[] places = new int[fed.length];
        int[] distinct = new int[fed.length];
        Map<Integer, Integer> seen = new HashMap<>();
        for (int n = 0; n < fed.length; n++) {
            int next = seen.size();
            places[n] = seen.computeIfAbsent(canvas.ids()[fed[n]], _ -> next);
            distinct[places[n]] = places[n] == next ? n : distinct[places[n]];
        }
        int computed = (seen.size() + DISTINCT_STEP - 1) / DISTINCT_STEP * DISTINCT_STEP;
        if (computed >= fed.length) {
            return Optional.empty();
        }
        counter.save(fed.length - computed);
        return Optional.of(new EqualRows(upload(ops, Arrays.copyOf(distinct, computed)), upload(ops, places)));
    }

    private static Tensor upload(Ops ops, int[] values) {
        return ops.upload(Shape.of(values.length), values);
    }

    private static CachedRows cachedRows(Ops ops, int[] fed, int[] kept) {
        return new CachedRows(
                upload(ops, fed),
                Arrays.equals(fed, kept)
                        ? Optional.empty()
                        : Optional.of(new CachedRows.Kept(upload(ops, kept), upload(ops, places(kept, fed)))));
    }

    /// Where each of `some` stands among `fed`.
    private static int[] places(int[] some, int[] fed) {
        int[] places = new int[some.length];
        for (int n = 0; n < some.length; n++) {
            places[n] = Arrays.binarySearch(fed, some[n]);
            if (places[n] < 0) {
                throw new ModelException("hidden states: wanted, kept and softened rows must be fed, but row " + some[n]
                        + " is not; feed it or leave it out");
            }
        }
        return places;
    }

    /// Every row between the first and the last that a fed row may see must be fed or kept from a pass before.
    private static void requireSeen(Canvas canvas, KeyCache cache, KeyIntervals mask) {
        boolean[] here = new boolean[canvas.ids().length];
        for (int row : canvas.fed()) {
            here[row] = true;
        }
        IntPredicate known = row -> here[row] || cache.holds(row);
        for (int b = 0; b < canvas.batch(); b++) {
            int from = mask.firstRow(b);
            int to = mask.firstRow(b + 1);
            for (int i = mask.lowestKey(from, to); i < mask.highestKey(from, to); i++) {
                if (!known.test(b * canvas.tokens() + i)) {
                    throw new ModelException("hidden states: every row that is seen must be fed or in the key cache,"
                            + " but column " + i + " of row " + b + " is in neither; feed all of a text once first");
                }
            }
        }
    }

    /// The ids of the fed rows.
    Tensor ids(Ops ops) {
        return upload(ops, Arrays.stream(canvas.fed()).map(n -> canvas.ids()[n]).toArray());
    }

    /// The embeddings `x` of the fed rows with what is added to those that the canvas softens.
    Tensor softened(Ops ops, Tensor x) {
        return canvas.soft()
                .map(soft -> {
                    int[] fed = canvas.fed();
                    int[] softened = Canvas.rounded(ops, canvas.softened(), fed.length);
                    Tensor places = upload(ops, places(softened, fed));
                    Tensor added = ops.gatherRows(soft.rows(), upload(ops, softened));
                    return ops.withRows(x, places, ops.add(ops.gatherRows(x, places), added));
                })
                .orElse(x);
    }

    /// Passes `x`, the fed rows, through `layers` layers.
    Tensor through(Ops ops, Tensor x, int layers, Layer layer) {
        canvas.cache().ifPresent(cache -> cache.writing(canvas.kept()));
        Tensor y = ops.chain("layers", x, layers, (index, input) -> layer.forward(index, input, rows(index, layers)));
        canvas.cache().ifPresent(cache -> cache.written(canvas.kept()));
        return y;
    }

    /// One layer of a model.
    @FunctionalInterface
    interface Layer {
        /// The result of layer `index` for `x`.
        Tensor forward(int index, Tensor x, LayerRows rows);
    }

    private LayerRows rows(int index, int layers) {
        LayerRows rows = index == layers - 1 ? last : index == 0 ? first : inner;
        return cached.map(some -> {
                    KeyCache.Layer kept = canvas.cache().orElseThrow().layers().get(index);
                    return rows.withCache(new CachedLayer(some, kept.keys(), kept.values()));
                })
                .orElse(rows);
    }

    private static Rows rows(Ops ops, Canvas canvas, int[] chosen) {
        int[] positions = canvas.positions();
        Rows rows =
                Rows.upload(ops, Arrays.stream(chosen).map(n -> positions[n]).toArray());
        return canvas.dropout()
                .map(dropout -> rows.withDropout(
                        ops,
                        dropout.seed(),
                        Arrays.stream(chosen).map(canvas::dropoutSample).toArray(),
                        Arrays.stream(chosen).map(n -> positions[n]).toArray()))
                .orElse(rows);
    }

    private static void requireBelow(String what, int[] values, int bound, String advice) {
        for (int value : values) {
            if (value < 0 || value >= bound) {
                throw new ModelException("hidden states: " + what + " must be from 0 to " + (bound - 1) + ", but got "
                        + value + "; " + advice);
            }
        }
    }
}
