package org.panamask.ffi;

import org.panamask.bindings.dnnl.dnnl_h;

/// What many elements become one by.
public enum DnnlReduction {
    /// Their sum.
    SUM(dnnl_h.dnnl_reduction_sum()),
    /// Their mean.
    MEAN(dnnl_h.dnnl_reduction_mean()),
    /// The largest.
    MAX(dnnl_h.dnnl_reduction_max()),
    /// The smallest.
    MIN(dnnl_h.dnnl_reduction_min());

    private final int code;

    DnnlReduction(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
