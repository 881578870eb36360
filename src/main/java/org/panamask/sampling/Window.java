package org.panamask.sampling;

import java.util.ArrayList;
import java.util.List;

/// The columns `[from, to)` of a block.
///
/// @param from the first column
/// @param to the column after the last
record Window(int from, int to) {
    /// Blocks of `size` columns that cover `[from, to)`; the last may be shorter.
    static List<Window> tile(int from, int to, int size) {
        List<Window> windows = new ArrayList<>();
        for (int start = from; start < to; start += size) {
            windows.add(new Window(start, Math.min(to, start + size)));
        }
        return windows;
    }
}
