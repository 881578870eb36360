package org.panamask.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.dnnl.dnnl_h;

/// How primitives are to be made. Scratch memory is always the caller's: its size is [DnnlPrimitiveDesc#scratchpad].
public final class DnnlAttributes extends NativeHandle {
    private DnnlAttributes(MemorySegment attributes, NativeObjects objects) {
        super("dnnl_primitive_attr", attributes, dnnl_h::dnnl_primitive_attr_destroy, objects);
    }

    /// Creates the plain attributes: caller's scratch memory, results equal from run to run.
    public static DnnlAttributes create(DnnlEngine engine) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            DnnlStatus.check(dnnl_h.dnnl_primitive_attr_create(out), "dnnl_primitive_attr_create");
            DnnlAttributes attributes = new DnnlAttributes(out.get(ValueLayout.ADDRESS, 0), engine.objects());
            DnnlStatus.check(
                    dnnl_h.dnnl_primitive_attr_set_scratchpad_mode(
                            attributes.address(), dnnl_h.dnnl_scratchpad_mode_user()),
                    "dnnl_primitive_attr_set_scratchpad_mode");
            DnnlStatus.check(
                    dnnl_h.dnnl_primitive_attr_set_deterministic(attributes.address(), 1),
                    "dnnl_primitive_attr_set_deterministic");
            return attributes;
        }
    }

    /// Creates the plain attributes with `postOps`, which may be closed afterwards.
    public static DnnlAttributes create(DnnlEngine engine, DnnlPostOps postOps) {
        DnnlAttributes attributes = create(engine);
        DnnlStatus.check(
                dnnl_h.dnnl_primitive_attr_set_post_ops(attributes.address(), postOps.address()),
                "dnnl_primitive_attr_set_post_ops");
        return attributes;
    }

    /// Scales the operand `id` of [DnnlArgument] by one f32 number, given at execution as [DnnlArgument#scaleOf].
    public DnnlAttributes scaled(int id) {
        DnnlStatus.check(
                dnnl_h.dnnl_primitive_attr_set_scales_mask(address(), id, 0), "dnnl_primitive_attr_set_scales_mask");
        return this;
    }
}
