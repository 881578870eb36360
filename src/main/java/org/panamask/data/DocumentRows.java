package org.panamask.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Makes rows of plain documents, everything in them to be learned: nothing begins a row, an end token closes each
/// document. Source: LLaMA-Factory fork of DiffuLLaMA, data/processors/pretrain.py.
public final class DocumentRows {
    private final int cutoff;
    private final int eos;

    private DocumentRows(int cutoff, int eos) {
        this.cutoff = cutoff;
        this.eos = eos;
    }

    /// A maker of rows of at most `cutoff` columns with the end token `eos`.
    ///
    /// @throws DataException if `cutoff` is less than 2 or `eos` is negative
    public static DocumentRows of(int cutoff, int eos) {
        if (cutoff < 2 || eos < 0) {
            throw new DataException(
                    "data.max_tokens must be at least 2 and eos not negative, not " + cutoff + " and " + eos);
        }
        return new DocumentRows(cutoff, eos);
    }

    /// The documents one behind the other, cut into rows of exactly the cutoff; what is left at the end is dropped.
    public List<Row> packed(List<int[]> documents) {
        List<Row> rows = new ArrayList<>();
        int[] row = new int[cutoff];
        int filled = 0;
        for (int[] document : documents) {
            for (int i = 0; i <= document.length; i++) {
                row[filled++] = i < document.length ? document[i] : eos;
                if (filled == cutoff) {
                    rows.add(Row.of(row, 0, cutoff, rows.size()));
                    row = new int[cutoff];
                    filled = 0;
                }
            }
        }
        return rows;
    }

    /// A row for each document, cut at the cutoff and not padded.
    public List<Row> single(List<int[]> documents) {
        List<Row> rows = new ArrayList<>(documents.size());
        for (int[] document : documents) {
            int[] row = Arrays.copyOf(document, Math.min(document.length + 1, cutoff));
            if (document.length < cutoff) {
                row[document.length] = eos;
            }
            rows.add(Row.of(row, 0, row.length, rows.size()));
        }
        return rows;
    }

    /// What `rows` hold of `documents`, where `mask` is the id that should not occur.
    public RowStatistics statistics(List<Row> rows, List<int[]> documents, int mask) {
        long given =
                documents.stream().mapToLong(document -> document.length + 1L).sum();
        long kept = rows.stream().mapToLong(Row::length).sum();
        long masks = rows.stream()
                .flatMapToInt(row -> Arrays.stream(row.ids()))
                .filter(id -> id == mask)
                .count();
        return new RowStatistics(rows.size(), kept, 0, 0, masks, given - kept);
    }
}
