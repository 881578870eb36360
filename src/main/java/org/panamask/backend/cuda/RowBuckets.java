package org.panamask.backend.cuda;

/// Numbers of rows that wanted rows are filled up to, so that passes over other numbers of them are the same commands,
/// which one graph replays. Products on tensor cores take as long for a whole tile as for a part of it, so few rows
/// cost nothing more; of many, less than a quarter is added.
final class RowBuckets {
    private static final int LEAST = 16;
    private static final int IN_AN_OCTAVE = 4;

    private RowBuckets() {}

    /// The least multiple of 16, or of a quarter of the power of two below, that holds `wanted` rows; at most
    /// `all`.
    static int round(int wanted, int all) {
        int step = Math.max(LEAST, Integer.highestOneBit(Math.max(1, wanted - 1)) / IN_AN_OCTAVE);
        return Math.max(wanted, (int) Math.min(all, ((long) wanted + step - 1) / step * step));
    }
}
