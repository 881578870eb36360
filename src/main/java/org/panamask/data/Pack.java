package org.panamask.data;

import java.util.List;
import java.util.stream.IntStream;

/// Rows that share one row of a batch, behind each other.
///
/// @param rows at least one
public record Pack(List<Row> rows) {
    /// Copies the list.
    ///
    /// @throws DataException if it is empty
    public Pack {
        if (rows.isEmpty()) {
            throw new DataException("pack: must hold at least one row, but got none");
        }
        rows = List.copyOf(rows);
    }

    /// A pack for each of `rows`.
    public static List<Pack> single(List<Row> rows) {
        return rows.stream().map(row -> new Pack(List.of(row))).toList();
    }

    /// The `rows` packed greedily into at most `capacity` columns, in the order of the first row of each pack.
    /// Every row must fit.
    ///
    /// @throws DataException if a row is longer than `capacity`
    public static List<Pack> greedy(List<Row> rows, int capacity) {
        Packing packing = Packing.greedy(rows.stream().map(Row::length).toList(), capacity);
        if (!packing.dropped().isEmpty()) {
            throw new DataException("packing: every row must fit a pack of " + capacity + " tokens, but "
                    + packing.dropped().size() + " do not; raise data.max_tokens");
        }
        return packing.packs().stream()
                .map(pack -> new Pack(pack.stream().sorted().map(rows::get).toList()))
                .sorted((a, b) -> Long.compare(
                        a.rows.getFirst().index(), b.rows.getFirst().index()))
                .toList();
    }

    /// The number of columns.
    public int length() {
        return rows.stream().mapToInt(Row::length).sum();
    }

    /// The columns before row `i` of this pack.
    int start(int i) {
        return IntStream.range(0, i).map(before -> rows.get(before).length()).sum();
    }
}
