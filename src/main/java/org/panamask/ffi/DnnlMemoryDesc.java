package org.panamask.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.dnnl.dnnl_h;

/// The shape, element type and layout of an operand; no data.
public final class DnnlMemoryDesc extends NativeHandle {
    private DnnlMemoryDesc(MemorySegment desc, NativeObjects objects) {
        super("dnnl_memory_desc", desc, dnnl_h::dnnl_memory_desc_destroy, objects);
    }

    /// An operand whose element `[i, j, ...]` lies `i * strides[0] + j * strides[1] + ...` elements from its start.
    public static DnnlMemoryDesc withStrides(DnnlEngine engine, DnnlType type, long[] dims, long[] strides) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            MemorySegment d = frame.allocateFrom(ValueLayout.JAVA_LONG, dims);
            MemorySegment s = frame.allocateFrom(ValueLayout.JAVA_LONG, strides);
            DnnlStatus.check(
                    dnnl_h.dnnl_memory_desc_create_with_strides(out, dims.length, d, type.code(), s),
                    "dnnl_memory_desc_create_with_strides");
            return new DnnlMemoryDesc(out.get(ValueLayout.ADDRESS, 0), engine.objects());
        }
    }

    /// A row-major operand without gaps.
    public static DnnlMemoryDesc dense(DnnlEngine engine, DnnlType type, long... dims) {
        long[] strides = new long[dims.length];
        long stride = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= dims[i];
        }
        return withStrides(engine, type, dims, strides);
    }

    /// The transposed view `[rows, columns]` of a dense row-major `[columns, rows]`.
    public static DnnlMemoryDesc transposed(DnnlEngine engine, DnnlType type, long rows, long columns) {
        return withStrides(engine, type, new long[] {rows, columns}, new long[] {1, rows});
    }

    /// An operand whose layout the primitive chooses; ask its [DnnlPrimitiveDesc] what it chose.
    public static DnnlMemoryDesc any(DnnlEngine engine, DnnlType type, long... dims) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            MemorySegment d = frame.allocateFrom(ValueLayout.JAVA_LONG, dims);
            DnnlStatus.check(
                    dnnl_h.dnnl_memory_desc_create_with_tag(
                            out, dims.length, d, type.code(), dnnl_h.dnnl_format_tag_any()),
                    "dnnl_memory_desc_create_with_tag");
            return new DnnlMemoryDesc(out.get(ValueLayout.ADDRESS, 0), engine.objects());
        }
    }

    static DnnlMemoryDesc copyOf(MemorySegment desc, NativeObjects objects) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            DnnlStatus.check(dnnl_h.dnnl_memory_desc_clone(out, desc), "dnnl_memory_desc_clone");
            return new DnnlMemoryDesc(out.get(ValueLayout.ADDRESS, 0), objects);
        }
    }

    /// Another owner of the same description.
    public DnnlMemoryDesc copy() {
        return copyOf(address(), objects());
    }

    /// The memory an operand of this description needs; 0 for none at all.
    public long bytes() {
        return dnnl_h.dnnl_memory_desc_get_size(address());
    }
}
