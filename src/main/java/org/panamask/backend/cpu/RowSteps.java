package org.panamask.backend.cpu;

/// How rows are cut so that few different row counts occur: a primitive is compiled for each. Results of a row do not
/// depend on the cut.
final class RowSteps {
    /// Products are never issued for fewer rows; a single row would be computed differently.
    static final int LEAST = 16;

    private RowSteps() {}

    /// The largest row count at most `rows` that products are compiled for: multiples of 16 up to 256, then four in
    /// each octave; 0 below 16.
    static long product(long rows) {
        if (rows <= 256) {
            return rows / LEAST * LEAST;
        }
        long quarter = Long.highestOneBit(rows) / 4;
        return rows / quarter * quarter;
    }

    /// The least whole steps of 16 rows that hold `rows`, at least one.
    static long above(long rows) {
        return Math.max(1, (rows + LEAST - 1) / LEAST) * LEAST;
    }

    /// The largest row count at most `rows` that row-wise functions are compiled for.
    static long function(long rows) {
        return rows < LEAST ? Long.highestOneBit(rows) : product(rows);
    }
}
