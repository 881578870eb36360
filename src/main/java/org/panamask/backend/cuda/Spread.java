package org.panamask.backend.cuda;

import org.panamask.tensor.Tensor;

/// How work is spread over blocks by kernels of which a thread takes eight numbers at a time. Extents decide alone, so
/// equal shapes are equal launches, and sums are cut in the same places.
final class Spread {
    /// Numbers that a thread takes at a time; `GROUP` in `numbers.cuh`.
    private static final int GROUP = 8;

    private static final int WARP = 32;
    private static final int MOST_THREADS = 256;

    private Spread() {}

    /// Eight of `count` numbers for each thread.
    static Grid elements(long count) {
        int threads = threads(count);
        return Grid.of(ceil(count, (long) threads * GROUP), threads);
    }

    /// Eight of the elements of `tensor` for each thread.
    static Grid elements(Tensor tensor) {
        return elements(tensor.count());
    }

    /// A block for each of `rows` rows, whose threads walk over `width` columns.
    static Grid rows(long rows, long width) {
        return Grid.of(rows, threads(width));
    }

    /// Blocks `(row, columns)`, eight columns for each thread.
    static Grid rowsByColumns(long rows, long width) {
        int threads = threads(width);
        return new Grid(Math.toIntExact(rows), columns(width, threads), 1, threads, 0);
    }

    /// Blocks `(columns, group)`, eight columns for each thread.
    static Grid columnsByGroups(long width, long groups) {
        int threads = threads(width);
        return new Grid(columns(width, threads), Math.toIntExact(groups), 1, threads, 0);
    }

    /// One of `width` columns for each thread.
    static Grid columns(long width) {
        int threads = Math.clamp(ceil(width, WARP) * WARP, WARP, MOST_THREADS);
        return Grid.of(ceil(width, threads), threads);
    }

    private static int columns(long width, int threads) {
        return Math.toIntExact(ceil(width, (long) threads * GROUP));
    }

    private static int threads(long numbers) {
        return Math.clamp(ceil(ceil(numbers, GROUP), WARP) * WARP, WARP, MOST_THREADS);
    }

    static long ceil(long value, long by) {
        return (value + by - 1) / by;
    }
}
