package org.panamask.ffi.cuda;

import java.lang.foreign.MemorySegment;
import java.util.function.IntFunction;
import org.panamask.bindings.cublas.Cublas;
import org.panamask.bindings.cublaslt.CublasLt;

/// What the functions of cuBLAS and cuBLASLt return; both have the same numbers.
enum CublasStatus {
    CUBLAS(Cublas::cublasGetStatusName, Cublas::cublasGetStatusString),
    CUBLASLT(CublasLt::cublasLtGetStatusName, CublasLt::cublasLtGetStatusString);

    private static final long TEXT_BYTES = 4096;

    private final IntFunction<MemorySegment> name;
    private final IntFunction<MemorySegment> meaning;

    CublasStatus(IntFunction<MemorySegment> name, IntFunction<MemorySegment> meaning) {
        this.name = name;
        this.meaning = meaning;
    }

    /// Checks what `call` returned.
    ///
    /// @throws CublasException if it is an error
    void check(int status, String call) {
        if (status != CublasLt.CUBLAS_STATUS_SUCCESS()) {
            throw new CublasException(call, text(name, status), text(meaning, status), status);
        }
    }

    private static String text(IntFunction<MemorySegment> function, int status) {
        MemorySegment text = function.apply(status);
        return text.equals(MemorySegment.NULL)
                ? "unknown status"
                : text.reinterpret(TEXT_BYTES).getString(0);
    }
}
