package org.panamask.data;

import java.util.Arrays;

/// One training row: its ids, which of them are given, and its number in the data set.
public final class Row {
    private final int[] ids;
    private final int sourceLength;
    private final int contentLength;
    private final long index;
    private final boolean isOpen;

    private Row(int[] ids, int sourceLength, int contentLength, long index, boolean isOpen) {
        this.ids = ids;
        this.sourceLength = sourceLength;
        this.contentLength = contentLength;
        this.index = index;
        this.isOpen = isOpen;
    }

    /// A row of `ids` whose first `sourceLength` columns are given and whose columns from `contentLength` on are
    /// padding; `index` numbers it in the data set. The array is not copied.
    ///
    /// @throws DataException if the lengths do not fit each other
    public static Row of(int[] ids, int sourceLength, int contentLength, long index) {
        if (sourceLength < 0 || sourceLength > contentLength || contentLength > ids.length) {
            throw new DataException("row " + index + ": source and content must fit the row, but got " + sourceLength
                    + " and " + contentLength + " of " + ids.length);
        }
        return new Row(ids, sourceLength, contentLength, index, false);
    }

    /// The same row with an open end: what a batch fills up behind it belongs to the target.
    public Row open() {
        return new Row(ids, sourceLength, contentLength, index, true);
    }

    /// The same row with its end filled up with `id` to `columns` columns, where it is shorter; the filling is
    /// padding.
    public Row filled(int columns, int id) {
        int[] longer = Arrays.copyOf(ids, Math.max(ids.length, columns));
        Arrays.fill(longer, ids.length, longer.length, id);
        return new Row(longer, sourceLength, contentLength, index, false);
    }

    /// Whether what a batch fills up behind it belongs to the target.
    public boolean isOpen() {
        return isOpen;
    }

    /// The columns, padding that is a target included. Not to be changed.
    public int[] ids() {
        return ids;
    }

    /// The number of columns.
    public int length() {
        return ids.length;
    }

    /// The number of leading columns that are given and never hidden: begin, prompt, separator.
    public int sourceLength() {
        return sourceLength;
    }

    /// The number of columns before the padding.
    public int contentLength() {
        return contentLength;
    }

    /// Whether `column` is given.
    public boolean isSource(int column) {
        return column < sourceLength;
    }

    /// The number of this row in the data set, the same on every machine and in every epoch.
    public long index() {
        return index;
    }

    @Override
    public String toString() {
        return "Row " + index + " " + Arrays.toString(ids) + ", source " + sourceLength + ", content " + contentLength;
    }
}
