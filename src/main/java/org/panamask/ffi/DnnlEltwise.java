package org.panamask.ffi;

import org.panamask.bindings.dnnl.dnnl_h;

/// A function of one element.
///
/// @param kind which function
/// @param alpha its first parameter; 0 where it has none
/// @param beta its second parameter; 0 where it has none
public record DnnlEltwise(Kind kind, float alpha, float beta) {
    /// The functions; `x` is the element.
    public enum Kind {
        /// `x` if positive, else `alpha * x`.
        RELU(dnnl_h.dnnl_eltwise_relu()),
        /// `tanh(x)`.
        TANH(dnnl_h.dnnl_eltwise_tanh()),
        /// `x * x`.
        SQUARE(dnnl_h.dnnl_eltwise_square()),
        /// `sqrt(x)`.
        SQRT(dnnl_h.dnnl_eltwise_sqrt()),
        /// `alpha * x + beta`.
        LINEAR(dnnl_h.dnnl_eltwise_linear()),
        /// `log(1 + exp(alpha * x)) / alpha`.
        SOFT_RELU(dnnl_h.dnnl_eltwise_soft_relu()),
        /// `1 / (1 + exp(-x))`.
        LOGISTIC(dnnl_h.dnnl_eltwise_logistic()),
        /// `exp(x)`.
        EXP(dnnl_h.dnnl_eltwise_exp()),
        /// GELU by its tanh approximation.
        GELU_TANH(dnnl_h.dnnl_eltwise_gelu_tanh()),
        /// GELU by the error function.
        GELU_ERF(dnnl_h.dnnl_eltwise_gelu_erf()),
        /// `x / (1 + exp(-alpha * x))`; SiLU at `alpha` 1.
        SWISH(dnnl_h.dnnl_eltwise_swish()),
        /// `log(x)`.
        LOG(dnnl_h.dnnl_eltwise_log()),
        /// `x` held within `alpha` and `beta`.
        CLIP(dnnl_h.dnnl_eltwise_clip()),
        /// `alpha * x^beta`.
        POW(dnnl_h.dnnl_eltwise_pow());

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    /// A function without parameters.
    public static DnnlEltwise of(Kind kind) {
        return new DnnlEltwise(kind, 0, 0);
    }

    /// SiLU: `x / (1 + exp(-x))`.
    public static DnnlEltwise silu() {
        return new DnnlEltwise(Kind.SWISH, 1, 0);
    }

    /// `alpha * x + beta`.
    public static DnnlEltwise linear(float alpha, float beta) {
        return new DnnlEltwise(Kind.LINEAR, alpha, beta);
    }
}
