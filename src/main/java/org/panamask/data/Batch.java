package org.panamask.data;

import java.util.Arrays;
import java.util.List;

/// Rows side by side, `[B, T]`, filled with padding up to the longest.
public final class Batch {
    private final List<Row> rows;
    private final int columns;
    private final int[] ids;

    private Batch(List<Row> rows, int columns, int[] ids) {
        this.rows = rows;
        this.columns = columns;
        this.ids = ids;
    }

    /// The batch of `rows`; shorter ones are filled up with `pad`.
    ///
    /// @throws DataException if there are no rows
    public static Batch of(List<Row> rows, int pad) {
        if (rows.isEmpty()) {
            throw new DataException("batch: must hold at least one row, but got none");
        }
        int columns = rows.stream().mapToInt(Row::length).max().orElseThrow();
        int[] ids = new int[Math.multiplyExact(rows.size(), columns)];
        Arrays.fill(ids, pad);
        for (int b = 0; b < rows.size(); b++) {
            System.arraycopy(rows.get(b).ids(), 0, ids, b * columns, rows.get(b).length());
        }
        return new Batch(List.copyOf(rows), columns, ids);
    }

    /// The number of rows, B.
    public int size() {
        return rows.size();
    }

    /// The number of columns, T.
    public int columns() {
        return columns;
    }

    /// The ids, `[B, T]` row after row. Not to be changed.
    public int[] ids() {
        return ids;
    }

    /// The rows as they came.
    public List<Row> rows() {
        return rows;
    }

    /// The columns of each row that take part, `[B]`; what lies behind is filling.
    public int[] lengths() {
        return rows.stream().mapToInt(this::length).toArray();
    }

    /// Whether every row fills all columns.
    public boolean isFull() {
        return rows.stream().allMatch(row -> length(row) == columns);
    }

    private int length(Row row) {
        return row.isOpen() ? columns : row.length();
    }

    /// Which columns may be hidden, `[B, T]`: neither given nor filling.
    public boolean[] maskable() {
        boolean[] maskable = new boolean[ids.length];
        for (int b = 0; b < rows.size(); b++) {
            Row row = rows.get(b);
            Arrays.fill(maskable, b * columns + row.sourceLength(), b * columns + length(row), true);
        }
        return maskable;
    }

    /// The number of each row in the data set, `[B]`.
    public long[] indices() {
        return rows.stream().mapToLong(Row::index).toArray();
    }
}
