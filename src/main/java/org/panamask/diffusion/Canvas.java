package org.panamask.diffusion;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.Ops;

/// What a [Denoiser] is shown: token ids of B rows of T columns, their positions, who sees whom, and which rows of
/// hidden states are wanted. Arrays are not copied and must not change while the canvas is in use.
public final class Canvas {
    private final int batch;
    private final int tokens;
    private final int[] ids;
    private final Optional<int[]> positions;
    private final Options options;

    private record Options(
            AttentionMask mask,
            Optional<Rows> rows,
            Optional<Dropout> dropout,
            Optional<Cached> cached,
            Inputs inputs) {}

    /// What a model does with embeddings.
    private record Inputs(Optional<Softened> softened, Optional<EqualTokens> equal) {}

    private static final class Softened {
        private final SoftEmbeddings soft;
        private final int[] rows;

        Softened(SoftEmbeddings soft, int[] rows) {
            this.soft = soft;
            this.rows = rows;
        }
    }

    private static final class Cached {
        private final KeyCache cache;
        private final int[] fed;
        private final int[] kept;

        Cached(KeyCache cache, int[] fed, int[] kept) {
            this.cache = cache;
            this.fed = fed;
            this.kept = kept;
        }
    }

    private static final class Rows {
        private final int[] indices;

        Rows(int[] indices) {
            this.indices = indices;
        }
    }

    /// Names the dropout noise of a training step, so that it depends on the sample and the position and not on the
    /// place in a batch.
    ///
    /// @param seed of the run and the optimizer step; see [Noise#key]
    /// @param samples the global sample index of each batch row, or of each id where rows hold several samples
    public record Dropout(long seed, List<Integer> samples) {
        /// Keeps its own copy.
        public Dropout {
            samples = List.copyOf(samples);
        }
    }

    private Canvas(int batch, int tokens, int[] ids, Optional<int[]> positions, Options options) {
        this.batch = batch;
        this.tokens = tokens;
        this.ids = ids;
        this.positions = positions;
        this.options = options;
    }

    /// A canvas under full attention with positions from 0, all of whose rows are wanted. `ids` are row after row,
    /// `batch` times `tokens`.
    ///
    /// @throws IllegalArgumentException if the number of ids is another or 0
    public static Canvas of(int batch, int tokens, int[] ids) {
        requireCount("ids", ids.length, batch, tokens);
        return new Canvas(
                batch,
                tokens,
                ids,
                Optional.empty(),
                new Options(
                        new AttentionMask.Full(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        new Inputs(Optional.empty(), Optional.empty())));
    }

    /// The same under another mask.
    public Canvas withMask(AttentionMask mask) {
        return with(new Options(mask, options.rows, options.dropout, options.cached, options.inputs));
    }

    /// The same with given positions, one for each id.
    ///
    /// @throws IllegalArgumentException if the number of positions differs from that of ids
    public Canvas withPositions(int[] given) {
        requireCount("positions", given.length, batch, tokens);
        return new Canvas(batch, tokens, ids, Optional.of(given), options);
    }

    /// The same with only the hidden rows `wanted`, as `b * T + i` in ascending order; one may come several times.
    ///
    /// @throws IllegalArgumentException if there are none, or they descend or leave the canvas
    public Canvas withRows(int[] wanted) {
        if (wanted.length == 0) {
            throw new IllegalArgumentException(
                    "canvas: at least one row must be wanted, but got none; leave the forward pass out");
        }
        requireOrder("wanted rows must not descend", wanted, 0);
        return with(new Options(
                options.mask, Optional.of(new Rows(wanted)), options.dropout, options.cached, options.inputs));
    }

    /// `rows`, or as many as `ops` rounds them to of `all`, by repeating the last one.
    public static int[] rounded(Ops ops, int[] rows, int all) {
        int count = rows.length == 0 ? 0 : ops.roundRows(rows.length, all);
        int[] rounded = Arrays.copyOf(rows, count);
        Arrays.fill(rounded, rows.length, count, count == 0 ? 0 : rows[rows.length - 1]);
        return rounded;
    }

    /// The same of which only the rows `fed` are computed, as `b * T + i` in ascending order; keys and values of
    /// all others come from `cache`. Those of the rows `kept`, all of them fed, replace what the cache has; those
    /// of fed rows that are not kept count in this pass only. Wanted rows must be fed, and by default those are all
    /// fed ones.
    ///
    /// @throws IllegalArgumentException if nothing is fed, rows do not ascend within the canvas, or the cache is
    ///     for another number of rows or columns
    public Canvas withCache(KeyCache cache, int[] fed, int[] kept) {
        if (cache.batch() != batch || cache.tokens() != tokens) {
            throw new IllegalArgumentException("canvas: a cache of " + batch + " x " + tokens
                    + " is needed, but got one of " + cache.batch() + " x " + cache.tokens());
        }
        if (fed.length == 0) {
            throw new IllegalArgumentException(
                    "canvas: at least one row must be fed, but got none; leave the forward pass out");
        }
        requireAscending("fed", fed);
        requireAscending("kept", kept);
        return with(new Options(
                options.mask,
                options.rows,
                options.dropout,
                Optional.of(new Cached(cache, fed, kept)),
                options.inputs));
    }

    /// The same with what `soft` holds added to the embeddings of the rows `rows`, as `b * T + i` in ascending
    /// order.
    ///
    /// @throws IllegalArgumentException if rows do not ascend within the canvas, or `soft` is for another number of
    ///     rows and columns
    public Canvas withSoft(SoftEmbeddings soft, int[] rows) {
        long held = soft.rows().shape().extent(0);
        if (held != ids.length) {
            throw new IllegalArgumentException("canvas: soft embeddings of " + batch + " x " + tokens
                    + " columns are needed, but got those of " + held);
        }
        requireAscending("softened", rows);
        return with(new Options(
                options.mask,
                options.rows,
                options.dropout,
                options.cached,
                new Inputs(Optional.of(new Softened(soft, rows)), options.inputs.equal)));
    }

    /// The same where a model may form once for all rows what depends on their token alone, and counts it in
    /// `equal`.
    public Canvas withEqualTokens(EqualTokens equal) {
        return with(new Options(
                options.mask,
                options.rows,
                options.dropout,
                options.cached,
                new Inputs(options.inputs.softened, Optional.of(equal))));
    }

    private void requireAscending(String what, int[] rows) {
        requireOrder(what + " rows must ascend", rows, 1);
    }

    private void requireOrder(String rule, int[] rows, int leastStep) {
        for (int r = 0; r < rows.length; r++) {
            if (rows[r] < 0 || rows[r] >= ids.length || (r > 0 && rows[r] < rows[r - 1] + leastStep)) {
                throw new IllegalArgumentException(
                        "canvas: " + rule + " within [0, " + ids.length + "), but got " + rows[r] + " at " + r);
            }
        }
    }

    /// The same with dropout, as in training.
    ///
    /// @throws IllegalArgumentException if the number of samples differs from the number of rows and of ids
    public Canvas withDropout(Dropout dropout) {
        if (dropout.samples().size() != batch && dropout.samples().size() != ids.length) {
            throw new IllegalArgumentException("canvas: dropout needs the samples of " + batch + " rows, but got "
                    + dropout.samples().size());
        }
        return with(new Options(options.mask, options.rows, Optional.of(dropout), options.cached, options.inputs));
    }

    private Canvas with(Options changed) {
        return new Canvas(batch, tokens, ids, positions, changed);
    }

    private static void requireCount(String what, int count, int batch, int tokens) {
        if (count == 0 || count != (long) batch * tokens) {
            throw new IllegalArgumentException(
                    "canvas: " + what + " must be " + batch + " x " + tokens + " and at least 1, but got " + count);
        }
    }

    /// B, the number of rows.
    public int batch() {
        return batch;
    }

    /// T, the number of columns.
    public int tokens() {
        return tokens;
    }

    /// The ids, row after row.
    public int[] ids() {
        return ids;
    }

    /// The position of each id: as given, or from 0 in each row.
    public int[] positions() {
        return positions.orElseGet(() -> {
            int[] running = new int[ids.length];
            Arrays.setAll(running, n -> n % tokens);
            return running;
        });
    }

    /// Who sees whom.
    public AttentionMask mask() {
        return options.mask;
    }

    /// Whether every row that is computed is wanted.
    public boolean wantsAllRows() {
        return options.rows.isEmpty();
    }

    /// The wanted hidden rows `b * T + i`, ascending; one may come several times.
    public int[] rows() {
        return options.rows.map(rows -> rows.indices).orElseGet(this::fed);
    }

    /// Where keys and values of rows that are not fed come from; empty where all are fed.
    public Optional<KeyCache> cache() {
        return options.cached.map(cached -> cached.cache);
    }

    /// The rows `b * T + i` that are computed, ascending.
    public int[] fed() {
        return options.cached.map(cached -> cached.fed).orElseGet(() -> {
            int[] all = new int[ids.length];
            Arrays.setAll(all, n -> n);
            return all;
        });
    }

    /// The rows whose keys and values the cache keeps, ascending; none without a cache.
    public int[] kept() {
        return options.cached.map(cached -> cached.kept).orElseGet(() -> new int[0]);
    }

    /// What is added to embeddings; empty for nothing.
    public Optional<SoftEmbeddings> soft() {
        return options.inputs.softened.map(softened -> softened.soft);
    }

    /// The rows whose embeddings get something added, ascending.
    public int[] softened() {
        return options.inputs.softened.map(softened -> softened.rows).orElseGet(() -> new int[0]);
    }

    /// Counts what is formed once for rows with the same token; empty where all is formed for each.
    public Optional<EqualTokens> equalTokens() {
        return options.inputs.equal;
    }

    /// The dropout of a training step; empty for none.
    public Optional<Dropout> dropout() {
        return options.dropout;
    }

    /// The sample that names the dropout noise of id `n`, counted through all rows.
    ///
    /// @throws java.util.NoSuchElementException if there is no dropout
    public int dropoutSample(int n) {
        List<Integer> samples = options.dropout.orElseThrow().samples();
        return samples.get(samples.size() == batch ? n / tokens : n);
    }
}
