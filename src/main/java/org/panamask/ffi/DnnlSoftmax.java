package org.panamask.ffi;

import org.panamask.bindings.dnnl.dnnl_h;

/// The two softmax functions, both with the largest element subtracted first.
public enum DnnlSoftmax {
    /// `exp(x) / sum(exp(x))`.
    SOFTMAX(dnnl_h.dnnl_softmax_accurate()),
    /// `x - log(sum(exp(x)))`.
    LOG_SOFTMAX(dnnl_h.dnnl_softmax_log());

    private final int code;

    DnnlSoftmax(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
