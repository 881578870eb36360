package org.panamask.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.dnnl.dnnl_h;

/// What a primitive does to its result before writing it, in the order appended.
public final class DnnlPostOps extends NativeHandle {
    private DnnlPostOps(MemorySegment postOps, NativeObjects objects) {
        super("dnnl_post_ops", postOps, dnnl_h::dnnl_post_ops_destroy, objects);
    }

    /// Creates an empty chain.
    public static DnnlPostOps create(DnnlEngine engine) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            DnnlStatus.check(dnnl_h.dnnl_post_ops_create(out), "dnnl_post_ops_create");
            return new DnnlPostOps(out.get(ValueLayout.ADDRESS, 0), engine.objects());
        }
    }

    /// Appends a function of the result.
    public DnnlPostOps eltwise(DnnlEltwise function) {
        DnnlStatus.check(
                dnnl_h.dnnl_post_ops_append_eltwise(
                        address(), function.kind().code(), function.alpha(), function.beta()),
                "dnnl_post_ops_append_eltwise");
        return this;
    }

    /// Appends a function of the result and an operand described by `second`, given at execution as
    /// [DnnlArgument#postOp] with this place in the chain.
    public DnnlPostOps binary(DnnlBinary function, DnnlMemoryDesc second) {
        DnnlStatus.check(
                dnnl_h.dnnl_post_ops_append_binary(address(), function.code(), second.address()),
                "dnnl_post_ops_append_binary");
        return this;
    }

    /// Appends adding `scale` times what the destination held before.
    public DnnlPostOps sum(float scale) {
        // An undefined data type, 0, stands for the destination's own.
        DnnlStatus.check(dnnl_h.dnnl_post_ops_append_sum(address(), scale, 0, 0), "dnnl_post_ops_append_sum");
        return this;
    }
}
