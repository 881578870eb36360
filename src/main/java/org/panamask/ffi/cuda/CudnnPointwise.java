package org.panamask.ffi.cuda;

import java.util.function.IntSupplier;
import org.panamask.bindings.cudnn.Cudnn;

/// What an element-wise operation of cuDNN computes.
public enum CudnnPointwise {
    /// `x + b`.
    ADD(Cudnn::CUDNN_POINTWISE_ADD),
    /// `x - b`.
    SUBTRACT(Cudnn::CUDNN_POINTWISE_SUB),
    /// `x * b`.
    MULTIPLY(Cudnn::CUDNN_POINTWISE_MUL),
    /// `x / b`.
    DIVIDE(Cudnn::CUDNN_POINTWISE_DIV),
    /// `e^x`.
    EXPONENTIAL(Cudnn::CUDNN_POINTWISE_EXP),
    /// The natural logarithm.
    LOGARITHM(Cudnn::CUDNN_POINTWISE_LOG),
    /// `x`, rounded to the type of the result.
    IDENTITY(Cudnn::CUDNN_POINTWISE_IDENTITY),
    /// The element's index along an axis.
    INDEX(Cudnn::CUDNN_POINTWISE_GEN_INDEX),
    /// Whether `x >= b`.
    NOT_LESS(Cudnn::CUDNN_POINTWISE_CMP_GE),
    /// `x` where the third operand is true, else `b`.
    SELECT(Cudnn::CUDNN_POINTWISE_BINARY_SELECT);

    private final IntSupplier code;

    CudnnPointwise(IntSupplier code) {
        this.code = code;
    }

    int code() {
        return code.getAsInt();
    }
}
