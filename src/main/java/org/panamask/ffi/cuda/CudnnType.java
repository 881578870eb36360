package org.panamask.ffi.cuda;

import java.util.function.IntSupplier;
import org.panamask.bindings.cudnn.Cudnn;

/// What an element of a tensor of cuDNN is.
public enum CudnnType {
    /// 32-bit float.
    FLOAT(Cudnn::CUDNN_DATA_FLOAT),
    /// IEEE half precision.
    HALF(Cudnn::CUDNN_DATA_HALF),
    /// The upper half of a 32-bit float.
    BFLOAT16(Cudnn::CUDNN_DATA_BFLOAT16),
    /// 32-bit integer.
    INT32(Cudnn::CUDNN_DATA_INT32),
    /// True or false.
    BOOLEAN(Cudnn::CUDNN_DATA_BOOLEAN);

    private final IntSupplier code;

    CudnnType(IntSupplier code) {
        this.code = code;
    }

    int code() {
        return code.getAsInt();
    }
}
