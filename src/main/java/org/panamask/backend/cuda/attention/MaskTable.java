package org.panamask.backend.cuda.attention;

import java.util.Optional;
import java.util.stream.IntStream;
import org.panamask.tensor.AnnealingDraw;
import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.KeyIntervals;

/// What kernels are told of a mask, as one array of integers: draws, tiles of query rows, the index and the bounds of
/// each row, and given bits. The fields are described in `kernels/attention.cuh`.
public final class MaskTable {
    private static final int DRAWS = 7;
    private static final int TILE = 11;
    private static final int BOUNDS = 4;
    private static final int WORD = 32;

    private final int[] values;
    private final int[] starts;
    private final int tiles;
    private final KeyIntervals mask;

    /// The table of `mask` with tiles of `rows` query rows. Where some rows were chosen, there are as many tiles as
    /// the same number of other rows may need; the last ones may be empty.
    public MaskTable(KeyIntervals mask, int rows) {
        this.mask = mask;
        this.starts = new int[mask.batch() + 1];
        for (int b = 0; b < mask.batch(); b++) {
            starts[b + 1] = starts[b] + (mask.firstRow(b + 1) - mask.firstRow(b) + rows - 1) / rows;
        }
        this.tiles = isWhole(mask) ? starts[mask.batch()] : most(mask, rows);
        this.values = new int[given() + (mask.isGiven() ? mask.count() * words() : 0)];
        System.arraycopy(starts, 0, values, tileStarts(), starts.length);
        for (int b = 0; b < mask.batch(); b++) {
            for (int tile = starts[b]; tile < starts[b + 1]; tile++) {
                int first = mask.firstRow(b) + (tile - starts[b]) * rows;
                fillTile(tile, b, first, Math.min(rows, mask.firstRow(b + 1) - first));
            }
        }
        fillRows();
    }

    private static boolean isWhole(KeyIntervals mask) {
        return IntStream.range(0, mask.batch()).allMatch(b -> mask.firstRow(b + 1) - mask.firstRow(b) == mask.keys());
    }

    /// The most tiles of `rows` rows that `mask.count()` rows of all batch rows can fill.
    private static int most(KeyIntervals mask, int rows) {
        int most = (mask.count() + mask.batch() * (rows - 1)) / rows;
        return Math.min(most, mask.count());
    }

    /// How many tiles there are.
    public int tiles() {
        return tiles;
    }

    /// Where the tiles start.
    public int tileRecords() {
        return DRAWS;
    }

    /// Where the first tile of each batch row stands.
    public int tileStarts() {
        return DRAWS + tiles * TILE;
    }

    /// Where the rows' indices start.
    public int indices() {
        return tileStarts() + starts.length;
    }

    /// Where the rows' bounds start.
    public int bounds() {
        return indices() + mask.count();
    }

    /// Where given bits start.
    public int given() {
        return bounds() + mask.count() * BOUNDS;
    }

    /// The integers.
    public int size() {
        return values.length;
    }

    private int words() {
        return (mask.keys() + WORD - 1) / WORD;
    }

    /// The table with the draws of a call.
    ///
    /// @param dropout what is dropped
    /// @return the same array each time; it is overwritten by the next call
    public int[] withDraws(Optional<DropoutKey> dropout) {
        values[0] = (int) mask.annealingKey();
        values[1] = (int) (mask.annealingKey() >>> 32);
        values[2] = mask.threshold();
        values[3] = dropout.map(key -> (int) key.seed()).orElse(0);
        values[4] = dropout.map(key -> (int) (key.seed() >>> 32)).orElse(0);
        values[5] = dropout.map(DropoutKey::threshold).orElse(0);
        values[6] = dropout.map(DropoutKey::site).orElse(0);
        return values;
    }

    /// Whether draws decide on keys after the query.
    public boolean isAnnealed() {
        return mask.threshold() != AnnealingDraw.FULL;
    }

    private void fillTile(int tile, int b, int first, int count) {
        int at = tileRecords() + tile * TILE;
        values[at] = b;
        values[at + 1] = first;
        values[at + 2] = count;
        for (int which = 0; which < BOUNDS; which += 2) {
            int hullFrom = Integer.MAX_VALUE;
            int hullTo = 0;
            int coreFrom = 0;
            int coreTo = Integer.MAX_VALUE;
            for (int row = first; row < first + count; row++) {
                int from = mask.bound(row, which);
                int to = lastSeen(row, mask.bound(row, which + 1));
                if (from < to) {
                    hullFrom = Math.min(hullFrom, from);
                    hullTo = Math.max(hullTo, to);
                }
                coreFrom = Math.max(coreFrom, from);
                coreTo = Math.min(coreTo, from < to ? surelySeen(row, to) : 0);
            }
            values[at + 3 + which] = hullFrom;
            values[at + 4 + which] = hullTo;
            values[at + 7 + which] = coreFrom;
            values[at + 8 + which] = coreTo;
        }
    }

    /// The end of an interval, of what a row may see of it.
    private int lastSeen(int row, int to) {
        return mask.threshold() == 0 ? Math.min(to, mask.index(row) + 1) : to;
    }

    /// The end of what a row sees of an interval whatever is drawn.
    private int surelySeen(int row, int to) {
        if (mask.isGiven()) {
            return 0;
        }
        return isAnnealed() ? Math.min(to, mask.index(row) + 1) : to;
    }

    private void fillRows() {
        for (int row = 0; row < mask.count(); row++) {
            values[indices() + row] = mask.index(row);
            for (int which = 0; which < BOUNDS; which++) {
                values[bounds() + row * BOUNDS + which] = mask.bound(row, which);
            }
            for (int j = 0; mask.isGiven() && j < mask.keys(); j++) {
                if (mask.given(row, j)) {
                    values[given() + row * words() + j / WORD] |= 1 << j % WORD;
                }
            }
        }
    }
}
