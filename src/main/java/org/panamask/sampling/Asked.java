package org.panamask.sampling;

import java.util.List;

/// The columns of a row that a pass predicts.
///
/// @param row the row
/// @param columns in ascending order
record Asked(BlockRow row, List<Integer> columns) {
    /// Keeps its own copy.
    Asked {
        columns = List.copyOf(columns);
    }
}
