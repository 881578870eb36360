package org.panamask.ffi;

import org.panamask.bindings.dnnl.dnnl_h;

/// An operand of a primitive: its role and its description.
///
/// @param id the role, oneDNN's `DNNL_ARG_...`
/// @param desc shape, type and layout
public record DnnlArgument(int id, DnnlMemoryDesc desc) {
    /// The input, or the first of two.
    public static DnnlArgument src(DnnlMemoryDesc desc) {
        return new DnnlArgument(dnnl_h.DNNL_ARG_SRC(), desc);
    }

    /// The second input of a binary primitive.
    public static DnnlArgument src1(DnnlMemoryDesc desc) {
        return new DnnlArgument(dnnl_h.DNNL_ARG_SRC_1(), desc);
    }

    /// The weights: the right operand of a matmul.
    public static DnnlArgument weights(DnnlMemoryDesc desc) {
        return new DnnlArgument(dnnl_h.DNNL_ARG_WEIGHTS(), desc);
    }

    /// The bias of a matmul.
    public static DnnlArgument bias(DnnlMemoryDesc desc) {
        return new DnnlArgument(dnnl_h.DNNL_ARG_BIAS(), desc);
    }

    /// The output.
    public static DnnlArgument dst(DnnlMemoryDesc desc) {
        return new DnnlArgument(dnnl_h.DNNL_ARG_DST(), desc);
    }

    /// Scratch memory, as [DnnlPrimitiveDesc#scratchpad] describes it.
    public static DnnlArgument scratchpad(DnnlMemoryDesc desc) {
        return new DnnlArgument(dnnl_h.DNNL_ARG_SCRATCHPAD(), desc);
    }

    /// The gradient of the input, written by backward primitives.
    public static DnnlArgument diffSrc(DnnlMemoryDesc desc) {
        return new DnnlArgument(dnnl_h.DNNL_ARG_DIFF_SRC(), desc);
    }

    /// The gradient of the output, read by backward primitives.
    public static DnnlArgument diffDst(DnnlMemoryDesc desc) {
        return new DnnlArgument(dnnl_h.DNNL_ARG_DIFF_DST(), desc);
    }

    /// The means of the rows.
    public static DnnlArgument mean(DnnlMemoryDesc desc) {
        return new DnnlArgument(dnnl_h.DNNL_ARG_MEAN(), desc);
    }

    /// The variances of the rows, or their mean squares under [DnnlNormalization.Flag#RMS].
    public static DnnlArgument variance(DnnlMemoryDesc desc) {
        return new DnnlArgument(dnnl_h.DNNL_ARG_VARIANCE(), desc);
    }

    /// The gain of a normalisation.
    public static DnnlArgument scale(DnnlMemoryDesc desc) {
        return new DnnlArgument(dnnl_h.DNNL_ARG_SCALE(), desc);
    }

    /// The offset of a normalisation.
    public static DnnlArgument shift(DnnlMemoryDesc desc) {
        return new DnnlArgument(dnnl_h.DNNL_ARG_SHIFT(), desc);
    }

    /// The operand of the binary post-op at `position` of the chain, counted from 0 over all post-ops.
    public static DnnlArgument postOp(int position, DnnlMemoryDesc desc) {
        // DNNL_ARG_ATTR_MULTIPLE_POST_OP(position) is a macro with a parameter, which has no binding.
        int base = dnnl_h.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE() * (position + 1);
        return new DnnlArgument(base | dnnl_h.DNNL_ARG_SRC_1(), desc);
    }

    /// The scale of `operand`, one f32 number, for attributes made with [DnnlAttributes#scaled].
    public static DnnlArgument scaleOf(DnnlArgument operand, DnnlMemoryDesc desc) {
        return new DnnlArgument(dnnl_h.DNNL_ARG_ATTR_SCALES() | operand.id(), desc);
    }
}
