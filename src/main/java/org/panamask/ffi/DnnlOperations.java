package org.panamask.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.ToIntFunction;
import org.panamask.bindings.dnnl.dnnl_h;

/// Plans primitives. Every method throws [NativeException] where oneDNN has no implementation for what is asked.
///
/// @param engine where they will run
/// @param attributes how they are made
public record DnnlOperations(DnnlEngine engine, DnnlAttributes attributes) {
    /// `dst[..., M, N] = src[..., M, K] weights[..., K, N]`.
    public DnnlPrimitiveDesc matmul(DnnlMemoryDesc src, DnnlMemoryDesc weights, DnnlMemoryDesc dst) {
        return matmul(src, weights, MemorySegment.NULL, dst);
    }

    /// [#matmul(DnnlMemoryDesc, DnnlMemoryDesc, DnnlMemoryDesc)] plus `bias`, `[1, N]`.
    public DnnlPrimitiveDesc matmul(
            DnnlMemoryDesc src, DnnlMemoryDesc weights, DnnlMemoryDesc bias, DnnlMemoryDesc dst) {
        return matmul(src, weights, bias.address(), dst);
    }

    private DnnlPrimitiveDesc matmul(
            DnnlMemoryDesc src, DnnlMemoryDesc weights, MemorySegment bias, DnnlMemoryDesc dst) {
        return plan(
                "dnnl_matmul_primitive_desc_create",
                out -> dnnl_h.dnnl_matmul_primitive_desc_create(
                        out,
                        engine.address(),
                        src.address(),
                        weights.address(),
                        bias,
                        dst.address(),
                        attributes.address()));
    }

    /// Copies from one layout or type to another.
    public DnnlPrimitiveDesc reorder(DnnlMemoryDesc from, DnnlMemoryDesc to) {
        return plan(
                "dnnl_reorder_primitive_desc_create",
                out -> dnnl_h.dnnl_reorder_primitive_desc_create(
                        out, from.address(), engine.address(), to.address(), engine.address(), attributes.address()));
    }

    /// Softmax along dimension `axis`.
    public DnnlPrimitiveDesc softmax(DnnlSoftmax kind, int axis, DnnlMemoryDesc src, DnnlMemoryDesc dst) {
        return plan(
                "dnnl_softmax_forward_primitive_desc_create",
                out -> dnnl_h.dnnl_softmax_forward_primitive_desc_create(
                        out,
                        engine.address(),
                        dnnl_h.dnnl_forward_training(),
                        kind.code(),
                        src.address(),
                        dst.address(),
                        axis,
                        attributes.address()));
    }

    /// The gradient of [#softmax] from its output `dst` and the gradient of that; all three have the layout `dst`.
    public DnnlPrimitiveDesc softmaxBackward(
            DnnlSoftmax kind, int axis, DnnlMemoryDesc dst, DnnlPrimitiveDesc forward) {
        return plan(
                "dnnl_softmax_backward_primitive_desc_create",
                out -> dnnl_h.dnnl_softmax_backward_primitive_desc_create(
                        out,
                        engine.address(),
                        kind.code(),
                        dst.address(),
                        dst.address(),
                        dst.address(),
                        axis,
                        forward.address(),
                        attributes.address()));
    }

    /// A function of each element.
    public DnnlPrimitiveDesc eltwise(DnnlEltwise function, DnnlMemoryDesc src, DnnlMemoryDesc dst) {
        return plan(
                "dnnl_eltwise_forward_primitive_desc_create",
                out -> dnnl_h.dnnl_eltwise_forward_primitive_desc_create(
                        out,
                        engine.address(),
                        dnnl_h.dnnl_forward_training(),
                        function.kind().code(),
                        src.address(),
                        dst.address(),
                        function.alpha(),
                        function.beta(),
                        attributes.address()));
    }

    /// The gradient of [#eltwise] from its input; input and gradients have the layout `src`.
    public DnnlPrimitiveDesc eltwiseBackward(DnnlEltwise function, DnnlMemoryDesc src, DnnlPrimitiveDesc forward) {
        return plan(
                "dnnl_eltwise_backward_primitive_desc_create",
                out -> dnnl_h.dnnl_eltwise_backward_primitive_desc_create(
                        out,
                        engine.address(),
                        function.kind().code(),
                        src.address(),
                        src.address(),
                        src.address(),
                        function.alpha(),
                        function.beta(),
                        forward.address(),
                        attributes.address()));
    }

    /// A function of each pair of elements.
    public DnnlPrimitiveDesc binary(
            DnnlBinary function, DnnlMemoryDesc first, DnnlMemoryDesc second, DnnlMemoryDesc dst) {
        return plan(
                "dnnl_binary_primitive_desc_create",
                out -> dnnl_h.dnnl_binary_primitive_desc_create(
                        out,
                        engine.address(),
                        function.code(),
                        first.address(),
                        second.address(),
                        dst.address(),
                        attributes.address()));
    }

    /// Reduces the dimensions of `src` that have size 1 in `dst`.
    public DnnlPrimitiveDesc reduction(DnnlReduction function, DnnlMemoryDesc src, DnnlMemoryDesc dst) {
        return plan(
                "dnnl_reduction_primitive_desc_create",
                out -> dnnl_h.dnnl_reduction_primitive_desc_create(
                        out,
                        engine.address(),
                        function.code(),
                        src.address(),
                        dst.address(),
                        0,
                        0,
                        attributes.address()));
    }

    /// Normalises each row and writes its statistics.
    public DnnlPrimitiveDesc normalization(DnnlNormalization options, DnnlMemoryDesc src, DnnlMemoryDesc dst) {
        return normalization(dnnl_h.dnnl_forward_training(), options, src, dst);
    }

    /// Normalises each row without writing statistics.
    public DnnlPrimitiveDesc normalizationForInference(
            DnnlNormalization options, DnnlMemoryDesc src, DnnlMemoryDesc dst) {
        return normalization(dnnl_h.dnnl_forward_inference(), options, src, dst);
    }

    private DnnlPrimitiveDesc normalization(
            int kind, DnnlNormalization options, DnnlMemoryDesc src, DnnlMemoryDesc dst) {
        return plan(
                "dnnl_layer_normalization_forward_primitive_desc_create",
                out -> dnnl_h.dnnl_layer_normalization_forward_primitive_desc_create(
                        out,
                        engine.address(),
                        kind,
                        src.address(),
                        dst.address(),
                        options.statistics().address(),
                        options.epsilon(),
                        options.code(),
                        attributes.address()));
    }

    /// The gradients of [#normalization]: of the input, and of gain and offset where the options have them. Input
    /// and gradients have the layout `src`.
    ///
    /// @throws IllegalArgumentException under [DnnlNormalization.Flag#RMS]
    public DnnlPrimitiveDesc normalizationBackward(
            DnnlNormalization options, DnnlMemoryDesc src, DnnlPrimitiveDesc forward) {
        // oneDNN 3.11 takes the flag but still subtracts the mean of the gradients, as if the mean had been computed.
        if (options.flags().contains(DnnlNormalization.Flag.RMS)) {
            throw new IllegalArgumentException(
                    "normalizationBackward: oneDNN is right only without RMS, but got RMS; compute it by hand");
        }
        return plan(
                "dnnl_layer_normalization_backward_primitive_desc_create",
                out -> dnnl_h.dnnl_layer_normalization_backward_primitive_desc_create(
                        out,
                        engine.address(),
                        dnnl_h.dnnl_backward(),
                        src.address(),
                        src.address(),
                        src.address(),
                        options.statistics().address(),
                        options.epsilon(),
                        options.code(),
                        forward.address(),
                        attributes.address()));
    }

    private DnnlPrimitiveDesc plan(String call, ToIntFunction<MemorySegment> create) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            DnnlStatus.check(create.applyAsInt(out), call);
            return new DnnlPrimitiveDesc(out.get(ValueLayout.ADDRESS, 0), engine);
        }
    }
}
