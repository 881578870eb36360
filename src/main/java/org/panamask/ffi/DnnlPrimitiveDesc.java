package org.panamask.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.dnnl.dnnl_h;

/// A primitive as oneDNN planned it: which implementation, which layouts, how much scratch memory. Made by
/// [DnnlOperations]. Descriptions it returns belong to the caller, who closes them.
public final class DnnlPrimitiveDesc extends NativeHandle {
    private final DnnlEngine engine;

    DnnlPrimitiveDesc(MemorySegment desc, DnnlEngine engine) {
        super("dnnl_primitive_desc", desc, dnnl_h::dnnl_primitive_desc_destroy, engine.objects());
        this.engine = engine;
    }

    DnnlEngine engine() {
        return engine;
    }

    /// The layout chosen for the input.
    public DnnlMemoryDesc src() {
        return operand(dnnl_h.dnnl_query_src_md());
    }

    /// The layout chosen for the weights.
    public DnnlMemoryDesc weights() {
        return operand(dnnl_h.dnnl_query_weights_md());
    }

    /// The layout chosen for the output.
    public DnnlMemoryDesc dst() {
        return operand(dnnl_h.dnnl_query_dst_md());
    }

    /// The scratch memory needed; its `bytes()` may be 0.
    public DnnlMemoryDesc scratchpad() {
        return operand(dnnl_h.dnnl_query_scratchpad_md());
    }

    private DnnlMemoryDesc operand(int query) {
        return DnnlMemoryDesc.copyOf(dnnl_h.dnnl_primitive_desc_query_md(address(), query, 0), objects());
    }

    /// oneDNN's name of the implementation, such as `brg_matmul:avx512_core`; names with `ref` are slow.
    public String implementation() {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            DnnlStatus.check(
                    dnnl_h.dnnl_primitive_desc_query(address(), dnnl_h.dnnl_query_impl_info_str(), 0, out),
                    "dnnl_primitive_desc_query");
            return out.get(ValueLayout.ADDRESS, 0).reinterpret(Long.MAX_VALUE).getString(0);
        }
    }
}
