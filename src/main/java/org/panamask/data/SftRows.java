package org.panamask.data;

import java.util.Arrays;

/// Makes rows of question and answer: `[bos] prompt [sep] target [eos]`, or the same without `[bos]`, filled with
/// padding up to a fixed length.
///
/// A target that is too long loses its end, a prompt that is too long its beginning; [Truncation] says how they share
/// the room, at first the target goes first.
/// Source: LLaMA-Factory fork of DiffuLLaMA, data/processors/supervised.py: preprocess_partical_dataset; unlike there,
/// a target that leaves no room for a prompt gets none, rather than the whole.
public final class SftRows {
    private static final int FRAME = 2;

    private final int cutoff;
    private final RowIds special;
    private final boolean padAsTarget;
    private final int begin;
    private final Truncation truncation;

    private SftRows(int cutoff, RowIds special, boolean padAsTarget, int begin, Truncation truncation) {
        this.cutoff = cutoff;
        this.special = special;
        this.padAsTarget = padAsTarget;
        this.begin = begin;
        this.truncation = truncation;
    }

    /// A maker of rows of at most `cutoff` columns. With `padAsTarget` every row has exactly that many, and its
    /// padding is part of what the model learns to write; without, rows end at their end token.
    ///
    /// @throws DataException if `cutoff` leaves no room for a token between the special ones
    public static SftRows of(int cutoff, RowIds special, boolean padAsTarget) {
        requireRoom(cutoff, FRAME + 1, "bos, sep, eos");
        return new SftRows(cutoff, special, padAsTarget, 1, Truncation.TARGET_FIRST);
    }

    /// The same for rows that start with the prompt.
    ///
    /// @throws DataException if `cutoff` leaves no room for a token between the special ones
    public static SftRows withoutBegin(int cutoff, RowIds special, boolean padAsTarget) {
        requireRoom(cutoff, FRAME, "sep, eos");
        return new SftRows(cutoff, special, padAsTarget, 0, Truncation.TARGET_FIRST);
    }

    private static void requireRoom(int cutoff, int frame, String names) {
        if (cutoff <= frame) {
            throw new DataException("data.max_tokens must be at least " + (frame + 1) + ", room for " + names
                    + " and one token, not " + cutoff);
        }
    }

    /// The same maker with another way to share the room of a row.
    public SftRows withTruncation(Truncation other) {
        return new SftRows(cutoff, special, padAsTarget, begin, other);
    }

    /// The most columns of a row.
    public int cutoff() {
        return cutoff;
    }

    /// The special ids of the rows.
    public RowIds special() {
        return special;
    }

    /// The row of `source` and `target`, number `index` of the data set.
    public Row row(int[] source, int[] target, long index) {
        Truncation.Kept kept = truncation.keep(source.length, target.length, cutoff - begin - FRAME);
        int sourceLength = kept.source();
        int targetLength = kept.target();
        int given = begin + sourceLength + 1;
        int content = given + targetLength + 1;
        int[] ids = new int[padAsTarget ? cutoff : content];
        Arrays.fill(ids, 0, begin, special.bos());
        System.arraycopy(source, source.length - sourceLength, ids, begin, sourceLength);
        ids[given - 1] = special.sep();
        System.arraycopy(target, 0, ids, given, targetLength);
        ids[content - 1] = special.eos();
        Arrays.fill(ids, content, ids.length, special.pad());
        return Row.of(ids, given, content, index);
    }

    /// What `row` lost of `source` and `target`.
    public RowStatistics statistics(Row row, int[] source, int[] target) {
        int sourceLost = source.length - (row.sourceLength() - begin - 1);
        int targetLost = target.length - (row.contentLength() - row.sourceLength() - 1);
        long masks = 0;
        for (int i = 0; i < row.contentLength(); i++) {
            masks += row.ids()[i] == special.mask() ? 1 : 0;
        }
        return new RowStatistics(
                1, row.contentLength(), targetLost > 0 ? 1 : 0, sourceLost > 0 ? 1 : 0, masks, sourceLost + targetLost);
    }
}
