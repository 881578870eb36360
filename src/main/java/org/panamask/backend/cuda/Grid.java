package org.panamask.backend.cuda;

import org.panamask.ffi.cuda.CudaStream;

/// How a kernel is spread over the device. A grid without blocks is allowed, and launches nothing.
///
/// @param x blocks
/// @param y blocks
/// @param z blocks
/// @param threads of a block
/// @param sharedBytes dynamic shared memory of a block
record Grid(int x, int y, int z, int threads, int sharedBytes) {
    private static final int MOST_ROWS = 65_535;
    private static final int MOST_THREADS = 1024;
    private static final int WARP = 32;

    /// Refuses what no device takes.
    Grid {
        if (x < 0 || y < 0 || z < 0 || y > MOST_ROWS || z > MOST_ROWS) {
            throw new IllegalArgumentException(
                    "grid: y and z are at most " + MOST_ROWS + ", but got [" + x + ", " + y + ", " + z + "]");
        }
        if (threads < WARP || threads > MOST_THREADS || threads % WARP != 0) {
            throw new IllegalArgumentException("grid: a block has a multiple of " + WARP + " threads, at most "
                    + MOST_THREADS + ", but got " + threads);
        }
    }

    /// Blocks in a row.
    static Grid of(long blocks, int threads) {
        return new Grid(Math.toIntExact(blocks), 1, 1, threads, 0);
    }

    /// Enough blocks of `threads` threads that each of `elements` has one.
    static Grid covering(long elements, int threads) {
        return of((elements + threads - 1) / threads, threads);
    }

    boolean isEmpty() {
        return x == 0 || y == 0 || z == 0;
    }

    CudaStream.Extent extent() {
        return new CudaStream.Extent(x, y, z, threads, sharedBytes);
    }
}
