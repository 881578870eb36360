package org.panamask.tensor;

/// What one element of a tensor is. Names follow safetensors.
public enum DType {
    /// 64-bit float; computed with by the reference backend only.
    F64(8),
    /// 32-bit float.
    F32(4),
    /// IEEE half.
    F16(2),
    /// The upper half of a 32-bit float.
    BF16(2),
    /// 64-bit signed integer.
    I64(8),
    /// 32-bit signed integer: token ids, positions, row numbers.
    I32(4),
    /// 16-bit signed integer.
    I16(2),
    /// 8-bit signed integer.
    I8(1),
    /// Unsigned byte: flags.
    U8(1),
    /// A truth value in one byte.
    BOOL(1),
    /// 8-bit float, 4 exponent and 3 mantissa bits.
    F8_E4M3(1),
    /// 8-bit float, 5 exponent and 2 mantissa bits.
    F8_E5M2(1);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /// The size of one element in bytes.
    public int bytes() {
        return bytes;
    }

    /// Whether elements are real numbers.
    public boolean isFloat() {
        return switch (this) {
            case F64, F32, F16, BF16, F8_E4M3, F8_E5M2 -> true;
            case I64, I32, I16, I8, U8, BOOL -> false;
        };
    }
}
