package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.cublaslt.CublasLt;
import org.panamask.ffi.NativeHandle;
import org.panamask.ffi.NativeObjects;

/// How a matrix lies in memory, column by column.
public final class CublasLtLayout extends NativeHandle {
    private CublasLtLayout(MemorySegment layout, NativeObjects objects) {
        super(
                "cublasLtMatrixLayout",
                layout,
                objects,
                handle -> CublasStatus.CUBLASLT.check(
                        CublasLt.cublasLtMatrixLayoutDestroy(handle), "cublasLtMatrixLayoutDestroy"));
    }

    /// A matrix of columns.
    ///
    /// @param type of its elements
    /// @param rows elements of a column
    /// @param columns their number
    /// @param stride elements from the start of one column to that of the next
    public record Extent(CublasType type, long rows, long columns, long stride) {}

    /// Describes one matrix.
    public static CublasLtLayout create(CublasLtHandle handle, Extent extent) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            int returned = CublasLt.cublasLtMatrixLayoutCreate(
                    out, extent.type().code(), extent.rows(), extent.columns(), extent.stride());
            CublasStatus.CUBLASLT.check(returned, "cublasLtMatrixLayoutCreate");
            return new CublasLtLayout(out.get(ValueLayout.ADDRESS, 0), handle.counted());
        }
    }

    /// Says that `count` such matrices lie `stride` elements from start to start.
    public void batch(int count, long stride) {
        try (Arena frame = Arena.ofConfined()) {
            attribute(CublasLt.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT(), frame.allocateFrom(ValueLayout.JAVA_INT, count));
            attribute(
                    CublasLt.CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET(),
                    frame.allocateFrom(ValueLayout.JAVA_LONG, stride));
        }
    }

    private void attribute(int name, MemorySegment value) {
        int returned = CublasLt.cublasLtMatrixLayoutSetAttribute(address(), name, value, value.byteSize());
        CublasStatus.CUBLASLT.check(returned, "cublasLtMatrixLayoutSetAttribute");
    }

    MemorySegment layout() {
        return address();
    }
}
