package org.panamask.data;

import java.util.Arrays;

/// Makes rows of question and answer: `[bos] prompt [sep] target [eos]`, or the same without `[bos]`, filled with
/// padding up to a fixed length; or `[bos] prompt target [eos]`, where filling up to the longest row of a batch belongs
/// to the target.
///
/// A target that is too long loses its end, a prompt that is too long its beginning; [Truncation] says how they share
/// the room, at first the target goes first.
/// Source: LLaMA-Factory fork of DiffuLLaMA, data/processors/supervised.py: preprocess_partical_dataset; unlike there,
/// a target that leaves no room for a prompt gets none, rather than the whole.
public final class SftRows {
    private final int cutoff;
    private final RowIds special;
    private final boolean padAsTarget;
    private final Frame frame;
    private final Truncation truncation;

    /// What stands around prompt and target.
    ///
    /// @param begin tokens before the prompt, 0 or 1
    /// @param separator tokens behind it, 0 or 1
    /// @param isOpen whether filling is left to the batch
    private record Frame(int begin, int separator, boolean isOpen) {
        int tokens() {
            return begin + separator + 1;
        }
    }

    private SftRows(int cutoff, RowIds special, boolean padAsTarget, Frame frame, Truncation truncation) {
        this.cutoff = cutoff;
        this.special = special;
        this.padAsTarget = padAsTarget;
        this.frame = frame;
        this.truncation = truncation;
    }

    /// A maker of rows of at most `cutoff` columns. With `padAsTarget` every row has exactly that many, and its
    /// padding is part of what the model learns to write; without, rows end at their end token.
    ///
    /// @throws DataException if `cutoff` leaves no room for a token between the special ones
    public static SftRows of(int cutoff, RowIds special, boolean padAsTarget) {
        requireRoom(cutoff, 3, "bos, sep, eos");
        return new SftRows(cutoff, special, padAsTarget, new Frame(1, 1, false), Truncation.TARGET_FIRST);
    }

    /// The same for rows that start with the prompt.
    ///
    /// @throws DataException if `cutoff` leaves no room for a token between the special ones
    public static SftRows withoutBegin(int cutoff, RowIds special, boolean padAsTarget) {
        requireRoom(cutoff, 2, "sep, eos");
        return new SftRows(cutoff, special, padAsTarget, new Frame(0, 1, false), Truncation.TARGET_FIRST);
    }

    /// The same for rows whose target follows the prompt at once, and which end at their end token: with
    /// `padAsTarget` what a batch fills up behind it belongs to the target.
    ///
    /// @throws DataException if `cutoff` leaves no room for a token between the special ones
    public static SftRows withoutSeparator(int cutoff, RowIds special, boolean padAsTarget) {
        requireRoom(cutoff, 2, "bos, eos");
        return new SftRows(cutoff, special, padAsTarget, new Frame(1, 0, true), Truncation.TARGET_FIRST);
    }

    private static void requireRoom(int cutoff, int frame, String names) {
        if (cutoff <= frame) {
            throw new DataException("data.max_tokens must be at least " + (frame + 1) + ", room for " + names
                    + " and one token, not " + cutoff);
        }
    }

    /// The same maker with another way to share the room of a row.
    public SftRows withTruncation(Truncation other) {
        return new SftRows(cutoff, special, padAsTarget, frame, other);
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
        Truncation.Kept kept = truncation.keep(source.length, target.length, cutoff - frame.tokens());
        int sourceLength = kept.source();
        int targetLength = kept.target();
        int given = frame.begin + sourceLength + frame.separator;
        int content = given + targetLength + 1;
        int[] ids = new int[padAsTarget && !frame.isOpen ? cutoff : content];
        Arrays.fill(ids, 0, frame.begin, special.bos());
        System.arraycopy(source, source.length - sourceLength, ids, frame.begin, sourceLength);
        Arrays.fill(ids, given - frame.separator, given, special.sep());
        System.arraycopy(target, 0, ids, given, targetLength);
        ids[content - 1] = special.eos();
        Arrays.fill(ids, content, ids.length, special.pad());
        Row row = Row.of(ids, given, content, index);
        return padAsTarget && frame.isOpen ? row.open() : row;
    }

    /// What `row` lost of `source` and `target`.
    public RowStatistics statistics(Row row, int[] source, int[] target) {
        int sourceLost = source.length - (row.sourceLength() - frame.begin - frame.separator);
        int targetLost = target.length - (row.contentLength() - row.sourceLength() - 1);
        long masks = 0;
        for (int i = 0; i < row.contentLength(); i++) {
            masks += row.ids()[i] == special.mask() ? 1 : 0;
        }
        return new RowStatistics(
                1, row.contentLength(), targetLost > 0 ? 1 : 0, sourceLost > 0 ? 1 : 0, masks, sourceLost + targetLost);
    }
}
