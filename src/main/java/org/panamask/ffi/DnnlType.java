package org.panamask.ffi;

import org.panamask.bindings.dnnl.dnnl_h;

/// Element types oneDNN computes with.
public enum DnnlType {
    /// 32-bit float.
    F32(dnnl_h.dnnl_f32(), 4),
    /// The upper half of a 32-bit float.
    BF16(dnnl_h.dnnl_bf16(), 2),
    /// IEEE half.
    F16(dnnl_h.dnnl_f16(), 2),
    /// 32-bit signed integer.
    S32(dnnl_h.dnnl_s32(), 4),
    /// 8-bit signed integer.
    S8(dnnl_h.dnnl_s8(), 1),
    /// 8-bit unsigned integer.
    U8(dnnl_h.dnnl_u8(), 1);

    private final int code;
    private final int bytes;

    DnnlType(int code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    int code() {
        return code;
    }

    /// The size of one element in bytes.
    public int bytes() {
        return bytes;
    }
}
