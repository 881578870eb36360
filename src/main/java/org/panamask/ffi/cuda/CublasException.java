package org.panamask.ffi.cuda;

import java.io.Serial;
import org.panamask.bindings.cublaslt.CublasLt;
import org.panamask.ffi.NativeException;

/// A function of cuBLAS or cuBLASLt that returned an error, such as `cublasLtMatmul failed:
/// CUBLAS_STATUS_INVALID_VALUE, an unsupported value or parameter was passed (status 7)`.
public final class CublasException extends NativeException {
    @Serial
    private static final long serialVersionUID = 1L;

    CublasException(String call, String name, String meaning, int status) {
        super(call, name, meaning, status);
    }

    /// Whether the library found no memory.
    public boolean isOutOfMemory() {
        return status() == CublasLt.CUBLAS_STATUS_ALLOC_FAILED();
    }

    /// Whether the library or the device cannot do what was asked, rather than failing at it.
    public boolean isUnsupported() {
        return status() == CublasLt.CUBLAS_STATUS_NOT_SUPPORTED() || status() == CublasLt.CUBLAS_STATUS_ARCH_MISMATCH();
    }
}
