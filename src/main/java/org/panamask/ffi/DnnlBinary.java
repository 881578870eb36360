package org.panamask.ffi;

import org.panamask.bindings.dnnl.dnnl_h;

/// A function of two elements; dimensions of size 1 in the second operand are repeated.
public enum DnnlBinary {
    /// `a + b`.
    ADD(dnnl_h.dnnl_binary_add()),
    /// `a - b`.
    SUB(dnnl_h.dnnl_binary_sub()),
    /// `a * b`.
    MUL(dnnl_h.dnnl_binary_mul()),
    /// `a / b`.
    DIV(dnnl_h.dnnl_binary_div()),
    /// The larger.
    MAX(dnnl_h.dnnl_binary_max()),
    /// The smaller.
    MIN(dnnl_h.dnnl_binary_min());

    private final int code;

    DnnlBinary(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
