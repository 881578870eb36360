package org.panamask.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.Denoiser;
import org.panamask.diffusion.EqualTokens;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// The hidden states that predict the columns asked for, each once, row after row; with guidance those of a second
/// batch without prompts are subtracted.
///
/// @param model the model
/// @param decoding what is asked for
/// @param kept what stays from pass to pass
/// @param equal counts what is formed once for columns with the same token
record CandidateRows(Denoiser model, Decoding decoding, Optional<Kept> kept, EqualTokens equal) {
    CandidateRows(Denoiser model, Decoding decoding, Optional<Kept> kept) {
        this(model, decoding, kept, new EqualTokens());
    }

    /// The columns of `one` that have a hidden state of their own: where states are shifted, columns 0 and 1 share
    /// one.
    List<Integer> columns(Asked one) {
        Alignment alignment = decoding.alignment();
        List<Integer> columns = new ArrayList<>();
        int source = -1;
        for (int column : one.columns()) {
            if (alignment.source(column) != source) {
                source = alignment.source(column);
                columns.add(column);
            }
        }
        return columns;
    }

    /// The hidden states `[R, D]` in the order of [#columns], and perhaps more behind them, see [Ops#roundRows].
    Tensor of(Ops ops, List<Asked> asked) {
        double scale = decoding.settings().guidance().cfgScale();
        Batch batch = batch(ops, asked, scale > 0);
        Tensor hidden = model.hidden(ops, batch.canvas());
        int half = batch.wanted() / 2;
        Tensor guided = scale == 0
                ? hidden
                : ops.extrapolate(rows(ops, hidden, half, 2 * half), rows(ops, hidden, 0, half), scale + 1);
        kept.ifPresent(some -> soften(ops, some, asked, guided));
        return guided;
    }

    /// A canvas and how many of its hidden rows are wanted.
    private record Batch(Canvas canvas, int wanted) {}

    /// The rows that are asked for, or where something is kept all rows, each in its place.
    private Batch batch(Ops ops, List<Asked> asked, boolean guided) {
        List<BlockRow> rows = kept.map(Kept::rows)
                .orElseGet(() -> asked.stream().map(Asked::row).toList());
        int tokens = rows.stream().mapToInt(BlockRow::length).max().orElseThrow();
        int halves = guided ? 2 : 1;
        int[] ids = new int[halves * rows.size() * tokens];
        int[] lengths = new int[halves * rows.size()];
        for (int b = 0; b < lengths.length; b++) {
            BlockRow row = rows.get(b % rows.size());
            lengths[b] = row.length();
            System.arraycopy(b < rows.size() ? row.ids() : row.withoutPrompt(), 0, ids, b * tokens, row.length());
        }
        Places places = new Places();
        for (int half = 0; half < halves; half++) {
            int first = places.wanted.size();
            for (int n = 0; n < asked.size(); n++) {
                int place = kept.isPresent() ? asked.get(n).row().place() : n;
                places.add(asked.get(n), (half * rows.size() + place) * tokens);
            }
            places.round(ops, first, rows.size() * tokens);
        }
        Canvas canvas = Canvas.of(lengths.length, tokens, ids)
                .withMask(mask(lengths, tokens))
                .withRows(ints(places.wanted));
        Canvas fed = kept.map(some -> keeping(canvas, some, places)).orElse(canvas);
        return new Batch(decoding.saves() ? fed.withEqualTokens(equal) : fed, places.wanted.size());
    }

    private static Canvas keeping(Canvas canvas, Kept kept, Places places) {
        Canvas fed = kept.keys()
                .map(cache -> canvas.withCache(cache, ints(places.fed), ints(places.stay)))
                .orElse(canvas);
        return kept.soft().map(soft -> fed.withSoft(soft, ints(places.soft))).orElse(fed);
    }

    /// Rows `b * T + i` of a canvas.
    private final class Places {
        private final List<Integer> wanted = new ArrayList<>();
        private final List<Integer> fed = new ArrayList<>();
        private final List<Integer> stay = new ArrayList<>();
        private final List<Integer> soft = new ArrayList<>();

        /// Adds those of a row that starts at `first`.
        void add(Asked one, int first) {
            columns(one)
                    .forEach(column -> wanted.add(first + decoding.alignment().source(column)));
            Feed feed = one.row().feed();
            IntStream.range(feed.columns().from(), feed.columns().to()).forEach(column -> {
                fed.add(first + column);
                if (feed.kept()) {
                    stay.add(first + column);
                }
            });
            one.row().softened().forEach(column -> soft.add(first + column));
        }

        /// Rounds up how many rows are wanted from number `first` on, of `all`.
        void round(Ops ops, int first, int all) {
            int count = wanted.size() - first;
            int[] rounded = Canvas.rounded(ops, ints(wanted.subList(first, wanted.size())), all);
            Arrays.stream(rounded, count, rounded.length).forEach(wanted::add);
        }
    }

    /// Keeps what the hidden states of masks let expect; the rows without prompts get the same.
    private void soften(Ops ops, Kept some, List<Asked> asked, Tensor hidden) {
        some.soft().ifPresent(soft -> {
            int start = 0;
            for (Asked one : asked) {
                List<Integer> columns = columns(one);
                int[] masks = IntStream.range(0, columns.size())
                        .filter(n -> one.row().canvas().isHidden(columns.get(n)))
                        .toArray();
                int[] rounded = Canvas.rounded(ops, masks, some.tokens());
                int first = start;
                Tensor of = chosen(
                        ops, hidden, Arrays.stream(rounded).map(n -> first + n).toArray());
                double weight = decoding.settings().soft().weight(one.row().clock());
                for (int place = one.row().place();
                        place < soft.rows().shape().extent(0) / some.tokens();
                        place += some.rows().size()) {
                    int from = place * some.tokens();
                    soft.expect(
                            ops,
                            model,
                            of,
                            Arrays.stream(rounded)
                                    .map(n -> from + columns.get(n))
                                    .toArray(),
                            weight);
                }
                one.row().expected(Arrays.stream(masks).mapToObj(columns::get).toList());
                start += columns.size();
            }
        });
    }

    private static Tensor rows(Ops ops, Tensor hidden, int from, int to) {
        return chosen(ops, hidden, IntStream.range(from, to).toArray());
    }

    private static Tensor chosen(Ops ops, Tensor hidden, int[] rows) {
        return ops.gatherRows(hidden, ops.upload(Shape.of(rows.length), rows));
    }

    private static int[] ints(List<Integer> values) {
        return values.stream().mapToInt(value -> value).toArray();
    }

    private static AttentionMask mask(int[] lengths, int tokens) {
        return Arrays.stream(lengths).allMatch(length -> length == tokens)
                ? new AttentionMask.Full()
                : new AttentionMask.Lengths(Arrays.stream(lengths).boxed().toList());
    }
}
