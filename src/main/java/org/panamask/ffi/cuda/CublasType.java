package org.panamask.ffi.cuda;

import org.panamask.bindings.cublaslt.CublasLt;

/// What the elements of a matrix are.
public enum CublasType {
    /// 32-bit floats.
    F32(CublasLt.CUDA_R_32F(), 4),
    /// IEEE halves.
    F16(CublasLt.CUDA_R_16F(), 2),
    /// Upper halves of 32-bit floats.
    BF16(CublasLt.CUDA_R_16BF(), 2),
    /// 8-bit floats with 4 exponent bits.
    E4M3(CublasLt.CUDA_R_8F_E4M3(), 1),
    /// 8-bit floats with 5 exponent bits.
    E5M2(CublasLt.CUDA_R_8F_E5M2(), 1);

    private final int code;
    private final int bytes;

    CublasType(int code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    /// What `cudaDataType` calls it.
    int code() {
        return code;
    }

    /// The size of an element.
    public int bytes() {
        return bytes;
    }

    /// Whether elements have 8 bits.
    public boolean isFp8() {
        return bytes == 1;
    }
}
