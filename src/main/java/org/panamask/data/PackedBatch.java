package org.panamask.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Packs side by side, `[B, T]`, filled with padding up to the longest.
public final class PackedBatch {
    private final int size;
    private final int columns;
    private final int[] ids;
    private final boolean[] maskable;
    private final List<Span> spans;

    /// Where a row stands.
    ///
    /// @param first its first column, counted through all packs: `b * T + i`
    /// @param row the row
    public record Span(int first, Row row) {}

    private PackedBatch(int size, int columns, List<Span> spans, int pad) {
        this.size = size;
        this.columns = columns;
        this.spans = List.copyOf(spans);
        this.ids = new int[Math.multiplyExact(size, columns)];
        this.maskable = new boolean[ids.length];
        Arrays.fill(ids, pad);
        for (Span span : spans) {
            Row row = span.row;
            System.arraycopy(row.ids(), 0, ids, span.first, row.length());
            Arrays.fill(maskable, span.first + row.sourceLength(), span.first + row.length(), true);
        }
    }

    /// The batch of `packs`; shorter ones are filled up with `pad`.
    ///
    /// @throws DataException if there are no packs
    public static PackedBatch of(List<Pack> packs, int pad) {
        if (packs.isEmpty()) {
            throw new DataException("batch: must hold at least one pack, but got none");
        }
        int columns = packs.stream().mapToInt(Pack::length).max().orElseThrow();
        List<Span> spans = new ArrayList<>();
        for (int b = 0; b < packs.size(); b++) {
            List<Row> rows = packs.get(b).rows();
            for (int i = 0; i < rows.size(); i++) {
                spans.add(new Span(b * columns + packs.get(b).start(i), rows.get(i)));
            }
        }
        return new PackedBatch(packs.size(), columns, spans, pad);
    }

    /// The number of packs, B.
    public int size() {
        return size;
    }

    /// The number of columns, T.
    public int columns() {
        return columns;
    }

    /// The ids, `[B, T]` pack after pack. Not to be changed.
    public int[] ids() {
        return ids;
    }

    /// Which columns may be hidden, `[B, T]`: neither given nor filling. Not to be changed.
    public boolean[] maskable() {
        return maskable;
    }

    /// Where the rows stand, in order.
    public List<Span> spans() {
        return spans;
    }
}
