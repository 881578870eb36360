package org.panamask.tensor;

import java.util.BitSet;

/// What a mask says to a kernel: key `j` is visible to row `r` when `j` is in one of the row's two intervals, and `j <=
/// i` or its [AnnealingDraw] is below the threshold, and its given bit is set where bits are given. A row that sees
/// nothing gives 0 and takes gradient 0.
public final class KeyIntervals {
    private final int batch;
    private final int keys;
    private final int[] rows;
    private final int[] bounds;
    private final int[] starts;
    private final int threshold;
    private final long key;
    private final AttentionMask.Given given;
    private final BitSet bits;

    /// Called by [MaskLowering]; `bounds` holds start and end of both intervals for each row.
    KeyIntervals(int batch, int keys, int[] rows, int[] bounds, Conditions conditions) {
        this.batch = batch;
        this.keys = keys;
        this.rows = rows;
        this.bounds = bounds;
        this.threshold = conditions.threshold();
        this.key = conditions.key();
        this.given = conditions.given();
        this.bits = given.bits();
        this.starts = new int[batch + 1];
        int row = 0;
        for (int b = 0; b < batch; b++) {
            starts[b] = row;
            while (row < rows.length && rows[row] < (b + 1) * keys) {
                row++;
            }
        }
        starts[batch] = rows.length;
    }

    /// What must hold besides the intervals.
    ///
    /// @param threshold of the annealing draw; [AnnealingDraw#FULL] for none
    /// @param key names the draws
    /// @param given bits over `tokens` keys; `tokens` 0 for none
    record Conditions(int threshold, long key, AttentionMask.Given given) {
        static final Conditions NONE =
                new Conditions(AnnealingDraw.FULL, 0, new AttentionMask.Given(1, 0, new BitSet()));
    }

    /// B, the number of batch rows.
    public int batch() {
        return batch;
    }

    /// T, the number of keys in a batch row.
    public int keys() {
        return keys;
    }

    /// R, the number of query rows.
    public int count() {
        return rows.length;
    }

    /// The first query row that belongs to batch row `b`; `firstRow(B)` is [#count].
    public int firstRow(int b) {
        return starts[b];
    }

    /// The index of query row `row` inside its batch row.
    public int index(int row) {
        return rows[row] % keys;
    }

    /// A bound of query row `row`: 0 and 1 are start and end of the first interval, 2 and 3 of the second.
    public int bound(int row, int which) {
        return bounds[row * 4 + which];
    }

    /// The annealing threshold; [AnnealingDraw#FULL] when nothing is annealed.
    public int threshold() {
        return threshold;
    }

    /// Names the annealing draws.
    public long annealingKey() {
        return key;
    }

    /// Whether bits are given besides the intervals.
    public boolean isGiven() {
        return given.tokens() != 0;
    }

    /// The given bit of query row `row` and key `j`; only where [#isGiven].
    public boolean given(int row, int j) {
        return bits.get((rows[row] / keys % given.batch() * keys + index(row)) * keys + j);
    }

    /// Whether visibility is the intervals alone, without draws or given bits.
    public boolean isPlain() {
        return threshold == AnnealingDraw.FULL && !isGiven();
    }

    /// The first key that some row of `[from, to)` may see.
    public int lowestKey(int from, int to) {
        int lowest = keys;
        for (int row = from; row < to; row++) {
            for (int which = 0; which < 4; which += 2) {
                if (bound(row, which) < bound(row, which + 1)) {
                    lowest = Math.min(lowest, bound(row, which));
                }
            }
        }
        return lowest;
    }

    /// The key after the last that some row of `[from, to)` may see; 0 when they see nothing.
    public int highestKey(int from, int to) {
        int highest = 0;
        for (int row = from; row < to; row++) {
            for (int which = 0; which < 4; which += 2) {
                if (bound(row, which) < bound(row, which + 1)) {
                    highest = Math.max(highest, bound(row, which + 1));
                }
            }
        }
        return highest;
    }

    /// Says of each key of `span` whether query row `row` sees it.
    ///
    /// @param visible receives the answers at `j - span.from()`
    /// @param row the query row
    /// @param span the keys asked for
    /// @return whether any is visible
    public boolean visible(boolean[] visible, int row, AnnealingDraw.Span span) {
        int i = index(row);
        if (threshold != AnnealingDraw.FULL) {
            AnnealingDraw.open(visible, key, threshold, i, span);
        }
        boolean any = false;
        for (int j = span.from(); j < span.to(); j++) {
            boolean sees = inside(row, j);
            if (threshold != AnnealingDraw.FULL) {
                sees &= j <= i || visible[j - span.from()];
            }
            if (isGiven()) {
                sees &= given(row, j);
            }
            visible[j - span.from()] = sees;
            any |= sees;
        }
        return any;
    }

    private boolean inside(int row, int j) {
        return j >= bound(row, 0) && j < bound(row, 1) || j >= bound(row, 2) && j < bound(row, 3);
    }
}
