package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.host.Float8;
import org.panamask.backend.memory.Frame;
import org.panamask.tensor.DType;
import org.panamask.tensor.Tensor;

/// Rounds matrices to 8-bit floats for products, each in the scale of its own largest magnitude, which is found on the
/// device. Extents of columns are multiples of 16.
final class EightBits {
    private static final String FAMILY = "fp8";

    /// What products want extents to be multiples of.
    private static final int STEP = 16;

    /// Numbers of which one block finds the largest.
    private static final int CHUNK = 1 << 14;

    /// Rows and columns that a block turns; `TILE` in `fp8.cu`.
    private static final int TILE = 64;

    private static final int TILE_THREADS = 256;

    private final CudaJob job;

    EightBits(CudaJob job) {
        this.job = job;
    }

    /// A matrix in 8 bits.
    ///
    /// @param codes row-major; the rows are filled up with zeros to a multiple of 16
    /// @param inverse one F32 that products multiply with
    /// @param rows the number of rows, with those filled up
    record Codes(MemorySegment codes, MemorySegment inverse, long rows) {}

    /// `rows`, filled up to what products want.
    static long padded(long rows) {
        return (rows + STEP - 1) / STEP * STEP;
    }

    /// The codes of `x` `[N, D]`, in scratch memory.
    Codes round(Frame frame, Tensor x, Float8 type) {
        int rows = Math.toIntExact(x.shape().extent(0));
        int width = Math.toIntExact(x.shape().last());
        int padded = Math.toIntExact(padded(rows));
        Codes result = new Codes(frame.take((long) padded * width), frame.take(Float.BYTES), padded);
        Arguments arguments = new Arguments()
                .pointer(result.codes())
                .pointer(result.inverse())
                .pointer(x)
                .pointer(largest(frame, x, type))
                .i32(rows)
                .i32(width);
        job.launch(job.kernel(family(x.dtype(), type), "fp8_rows"), Spread.rows(padded, width), arguments);
        return result;
    }

    /// The codes of `x` `[N, D]` and those of its transpose `[D, N]`, N a multiple of 16 too.
    void roundBothWays(Tensor x, Tensor codes, Tensor turned, Tensor inverse) {
        int rows = Math.toIntExact(x.shape().extent(0));
        int width = Math.toIntExact(x.shape().last());
        try (Frame frame = job.frame()) {
            Arguments arguments = new Arguments()
                    .pointer(codes)
                    .pointer(turned)
                    .pointer(inverse)
                    .pointer(x)
                    .pointer(largest(frame, x, Float8.E4M3))
                    .i32(rows)
                    .i32(width)
                    .i32(rows);
            Grid grid = new Grid((width + TILE - 1) / TILE, (rows + TILE - 1) / TILE, 1, TILE_THREADS, 0);
            job.launch(job.kernel(family(x.dtype(), Float8.E4M3), "fp8_both_ways"), grid, arguments);
        }
    }

    /// The bits of the largest magnitude.
    private MemorySegment largest(Frame frame, Tensor x, Float8 type) {
        MemorySegment largest = frame.take(Integer.BYTES);
        job.enqueue(new Command.Clear(largest.address(), Integer.BYTES));
        Arguments arguments =
                new Arguments().pointer(largest).pointer(x).i64(x.count()).i32(CHUNK);
        Grid grid = Spread.rows(Spread.ceil(x.count(), CHUNK), Math.min(CHUNK, x.count()));
        job.launch(job.kernel(family(x.dtype(), type), "fp8_largest"), grid, arguments);
        return largest;
    }

    private static Family family(DType from, Float8 type) {
        return Family.of(FAMILY, from).with("PMK_F8", type == Float8.E4M3 ? "e4m3" : "e5m2");
    }
}
