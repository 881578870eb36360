package org.panamask.backend.cpu;

import java.util.Arrays;
import org.panamask.ffi.DnnlEngine;
import org.panamask.ffi.DnnlMemoryDesc;
import org.panamask.ffi.DnnlType;

/// Shape, strides and type of an operand of up to four dimensions, as a key. Unused leading dimensions are not there:
/// `rank` says how many of the last ones count.
///
/// @param type what one element is
/// @param rank 1 to 4
/// @param repeat the outermost dimension
/// @param batch the extent of the third dimension from the right
/// @param rows the extent of the second from the right
/// @param columns the innermost extent
/// @param batchStride elements from one batch entry to the next
/// @param rowStride elements from one row to the next
/// @param columnStride elements from one column to the next
record Layout(
        DnnlType type,
        int rank,
        Repeat repeat,
        long batch,
        long rows,
        long columns,
        long batchStride,
        long rowStride,
        long columnStride) {
    /// How often all inner dimensions occur.
    ///
    /// @param count their number
    /// @param stride elements from one to the next
    record Repeat(long count, long stride) {
        static final Repeat ONCE = new Repeat(1, 0);
    }

    /// A row of `columns` elements.
    static Layout vector(DnnlType type, long columns) {
        return new Layout(type, 1, Repeat.ONCE, 1, 1, columns, columns, columns, 1);
    }

    /// A dense row-major matrix.
    static Layout matrix(DnnlType type, long rows, long columns) {
        return new Layout(type, 2, Repeat.ONCE, 1, rows, columns, rows * columns, columns, 1);
    }

    /// The view `[rows, columns]` of a dense row-major `[columns, rows]`.
    static Layout transposed(DnnlType type, long rows, long columns) {
        return new Layout(type, 2, Repeat.ONCE, 1, rows, columns, rows * columns, 1, rows);
    }

    /// `batch` dense row-major matrices, one after another.
    static Layout matrices(DnnlType type, long batch, long rows, long columns) {
        return new Layout(type, 3, Repeat.ONCE, batch, rows, columns, rows * columns, columns, 1);
    }

    /// Heads of a `[rows, heads * width]` matrix: `batch` of them, `batchStride` elements apart.
    static Layout heads(DnnlType type, long batch, long rows, long width, long batchStride, long rowStride) {
        return new Layout(type, 3, Repeat.ONCE, batch, rows, width, batchStride, rowStride, 1);
    }

    /// This operand with rows and columns exchanged.
    Layout turned() {
        return new Layout(
                type,
                rank,
                repeat,
                batch,
                /* rows= */ columns,
                /* columns= */ rows,
                batchStride,
                /* rowStride= */ columnStride,
                /* columnStride= */ rowStride);
    }

    /// All of this `count` times, `stride` elements apart; once is left as it is.
    Layout repeated(long count, long stride) {
        return count == 1
                ? this
                : new Layout(
                        type, 4, new Repeat(count, stride), batch, rows, columns, batchStride, rowStride, columnStride);
    }

    /// The bytes from the first element to the end of the last.
    long spanBytes() {
        long last = (repeat.count - 1) * repeat.stride
                + (batch - 1) * batchStride
                + (rows - 1) * rowStride
                + (columns - 1) * columnStride;
        return (last + 1) * type.bytes();
    }

    /// Cheaper than the hash that a record gets; plans are looked up for every primitive.
    @Override
    public int hashCode() {
        return (int) (((rows * 31 + columns) * 31 + rowStride) * 31 + batch * 961 + batchStride + repeat.count * 29791);
    }

    DnnlMemoryDesc describe(DnnlEngine engine) {
        long[] dims = {repeat.count, batch, rows, columns};
        long[] strides = {repeat.stride, batchStride, rowStride, columnStride};
        return DnnlMemoryDesc.withStrides(
                engine, type, Arrays.copyOfRange(dims, 4 - rank, 4), Arrays.copyOfRange(strides, 4 - rank, 4));
    }
}
