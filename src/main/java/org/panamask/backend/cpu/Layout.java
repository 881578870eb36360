package org.panamask.backend.cpu;

import java.util.Arrays;
import org.panamask.ffi.DnnlEngine;
import org.panamask.ffi.DnnlMemoryDesc;
import org.panamask.ffi.DnnlType;

/// Shape, strides and type of an operand of up to three dimensions, as a key. Unused leading dimensions are not there:
/// `rank` says how many of the last ones count.
///
/// @param type what one element is
/// @param rank 1 to 3
/// @param batch the outermost extent
/// @param rows the middle extent
/// @param columns the innermost extent
/// @param batchStride elements from one batch entry to the next
/// @param rowStride elements from one row to the next
/// @param columnStride elements from one column to the next
record Layout(
        DnnlType type,
        int rank,
        long batch,
        long rows,
        long columns,
        long batchStride,
        long rowStride,
        long columnStride) {
    /// A row of `columns` elements.
    static Layout vector(DnnlType type, long columns) {
        return new Layout(type, 1, 1, 1, columns, columns, columns, 1);
    }

    /// A dense row-major matrix.
    static Layout matrix(DnnlType type, long rows, long columns) {
        return new Layout(type, 2, 1, rows, columns, rows * columns, columns, 1);
    }

    /// The view `[rows, columns]` of a dense row-major `[columns, rows]`.
    static Layout transposed(DnnlType type, long rows, long columns) {
        return new Layout(type, 2, 1, rows, columns, rows * columns, 1, rows);
    }

    /// `batch` dense row-major matrices, one after another.
    static Layout matrices(DnnlType type, long batch, long rows, long columns) {
        return new Layout(type, 3, batch, rows, columns, rows * columns, columns, 1);
    }

    /// Heads of a `[rows, heads * width]` matrix: `batch` of them, `batchStride` elements apart.
    static Layout heads(DnnlType type, long batch, long rows, long width, long batchStride, long rowStride) {
        return new Layout(type, 3, batch, rows, width, batchStride, rowStride, 1);
    }

    /// This operand with rows and columns exchanged.
    Layout turned() {
        return new Layout(
                type,
                rank,
                batch,
                /* rows= */ columns,
                /* columns= */ rows,
                batchStride,
                /* rowStride= */ columnStride,
                /* columnStride= */ rowStride);
    }

    /// The same matrices `stride` elements apart.
    Layout apart(long stride) {
        return new Layout(type, 3, batch, rows, columns, stride, rowStride, columnStride);
    }

    /// The bytes from the first element to the end of the last.
    long spanBytes() {
        long last = (batch - 1) * batchStride + (rows - 1) * rowStride + (columns - 1) * columnStride;
        return (last + 1) * type.bytes();
    }

    /// Cheaper than the hash that a record gets; plans are looked up for every primitive.
    @Override
    public int hashCode() {
        return (int) (((rows * 31 + columns) * 31 + rowStride) * 31 + batch * 961 + batchStride);
    }

    DnnlMemoryDesc describe(DnnlEngine engine) {
        long[] dims = {batch, rows, columns};
        long[] strides = {batchStride, rowStride, columnStride};
        return DnnlMemoryDesc.withStrides(
                engine, type, Arrays.copyOfRange(dims, 3 - rank, 3), Arrays.copyOfRange(strides, 3 - rank, 3));
    }
}
