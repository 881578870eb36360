package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.cublaslt.CublasLt;
import org.panamask.ffi.NativeHandle;
import org.panamask.ffi.NativeObjects;

/// What an algorithm must be content with.
public final class CublasLtPreference extends NativeHandle {
    /// The matrices of `D = A B + C`.
    public enum Operand {
        /// The left operand.
        A(CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES()),
        /// The right operand.
        B(CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES()),
        /// What is added.
        C(CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES()),
        /// The result.
        D(CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES());

        private final int code;

        Operand(int code) {
            this.code = code;
        }
    }

    private CublasLtPreference(MemorySegment preference, NativeObjects objects) {
        super(
                "cublasLtMatmulPreference",
                preference,
                objects,
                handle -> CublasStatus.CUBLASLT.check(
                        CublasLt.cublasLtMatmulPreferenceDestroy(handle), "cublasLtMatmulPreferenceDestroy"));
    }

    /// Algorithms that use at most `workspaceBytes` of workspace.
    public static CublasLtPreference create(CublasLtHandle handle, long workspaceBytes) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            CublasStatus.CUBLASLT.check(CublasLt.cublasLtMatmulPreferenceCreate(out), "cublasLtMatmulPreferenceCreate");
            CublasLtPreference preference = new CublasLtPreference(out.get(ValueLayout.ADDRESS, 0), handle.counted());
            try {
                preference.set(
                        CublasLt.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES(),
                        frame.allocateFrom(ValueLayout.JAVA_LONG, workspaceBytes));
            } catch (CublasException failure) {
                preference.close();
                throw failure;
            }
            return preference;
        }
    }

    /// Says that addresses of `operand` are multiples of `bytes`.
    public void align(Operand operand, int bytes) {
        try (Arena frame = Arena.ofConfined()) {
            set(operand.code, frame.allocateFrom(ValueLayout.JAVA_INT, bytes));
        }
    }

    /// Refuses algorithms that cut a sum into parts and add these up.
    public void sumInOnePiece() {
        try (Arena frame = Arena.ofConfined()) {
            set(CublasLt.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK(), frame.allocateFrom(ValueLayout.JAVA_INT, 0));
        }
    }

    private void set(int attribute, MemorySegment value) {
        int returned = CublasLt.cublasLtMatmulPreferenceSetAttribute(address(), attribute, value, value.byteSize());
        CublasStatus.CUBLASLT.check(returned, "cublasLtMatmulPreferenceSetAttribute");
    }

    MemorySegment preference() {
        return address();
    }
}
