package org.panamask.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.dnnl.dnnl_h;

/// An operand: a description and the address of its data. The data belongs to the caller and may change between
/// executions.
public final class DnnlMemory extends NativeHandle {
    private final long bytes;
    private long data;

    private DnnlMemory(MemorySegment memory, long bytes, NativeObjects objects) {
        super("dnnl_memory", memory, dnnl_h::dnnl_memory_destroy, objects);
        this.bytes = bytes;
    }

    /// Creates an operand described by `desc`, which may be closed afterwards, without data.
    public static DnnlMemory create(DnnlEngine engine, DnnlMemoryDesc desc) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            // A null handle is DNNL_MEMORY_NONE: no buffer yet.
            DnnlStatus.check(
                    dnnl_h.dnnl_memory_create(out, desc.address(), engine.address(), MemorySegment.NULL),
                    "dnnl_memory_create");
            return new DnnlMemory(out.get(ValueLayout.ADDRESS, 0), desc.bytes(), engine.objects());
        }
    }

    /// Points the operand at `segment`, which must stay alive while primitives use it. Costs nothing if it is there
    /// already.
    ///
    /// @throws IllegalArgumentException if the segment is on the heap or smaller than the operand
    public void bind(MemorySegment segment) {
        if (!segment.isNative() || segment.byteSize() < bytes) {
            throw new IllegalArgumentException("bind: the operand needs %d bytes of native memory, but got %d bytes%s"
                    .formatted(bytes, segment.byteSize(), segment.isNative() ? "" : " on the heap"));
        }
        if (segment.address() != data) {
            DnnlStatus.check(dnnl_h.dnnl_memory_set_data_handle(address(), segment), "dnnl_memory_set_data_handle");
            data = segment.address();
        }
    }

    /// The bytes the operand needs.
    public long bytes() {
        return bytes;
    }

    boolean isBound() {
        return data != 0 || bytes == 0;
    }
}
