package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.cublaslt.CublasLt;
import org.panamask.ffi.NativeHandle;
import org.panamask.ffi.NativeObjects;

/// What a product does besides multiplying: which operands are turned, in which precision it sums, what it adds. Used
/// by one thread.
public final class CublasLtDescriptor extends NativeHandle {
    private final MemorySegment value = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);

    private CublasLtDescriptor(MemorySegment descriptor, NativeObjects objects) {
        super(
                "cublasLtMatmulDesc",
                descriptor,
                objects,
                handle -> CublasStatus.CUBLASLT.check(
                        CublasLt.cublasLtMatmulDescDestroy(handle), "cublasLtMatmulDescDestroy"));
    }

    /// How products of 32-bit floats are formed. Those of narrower types are exact either way; all sums are 32-bit
    /// floats.
    public enum Compute {
        /// With every bit of the operands.
        F32(CublasLt.CUBLAS_COMPUTE_32F()),
        /// With operands rounded to 10 bits after the point, several times as fast.
        TF32(CublasLt.CUBLAS_COMPUTE_32F_FAST_TF32());

        private final int code;

        Compute(int code) {
            this.code = code;
        }
    }

    /// Where a number that a product reads from the device lies.
    public enum Pointer {
        /// The bias, one element of the result's type for each of its rows.
        BIAS(CublasLt.CUBLASLT_MATMUL_DESC_BIAS_POINTER()),
        /// What the left operand's elements are multiplied with, one 32-bit float.
        LEFT_SCALE(CublasLt.CUBLASLT_MATMUL_DESC_A_SCALE_POINTER()),
        /// What the right operand's elements are multiplied with, one 32-bit float.
        RIGHT_SCALE(CublasLt.CUBLASLT_MATMUL_DESC_B_SCALE_POINTER());

        private final int code;

        Pointer(int code) {
            this.code = code;
        }
    }

    /// Describes `alpha op(A) op(B) + beta C` with neither operand turned.
    public static CublasLtDescriptor create(CublasLtHandle handle, Compute compute) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            int returned = CublasLt.cublasLtMatmulDescCreate(out, compute.code, CublasLt.CUDA_R_32F());
            CublasStatus.CUBLASLT.check(returned, "cublasLtMatmulDescCreate");
            return new CublasLtDescriptor(out.get(ValueLayout.ADDRESS, 0), handle.counted());
        }
    }

    /// Says which operands are turned.
    public void turn(boolean left, boolean right) {
        setInt(CublasLt.CUBLASLT_MATMUL_DESC_TRANSA(), left ? CublasLt.CUBLAS_OP_T() : CublasLt.CUBLAS_OP_N());
        setInt(CublasLt.CUBLASLT_MATMUL_DESC_TRANSB(), right ? CublasLt.CUBLAS_OP_T() : CublasLt.CUBLAS_OP_N());
    }

    /// Adds a bias to every column of the result.
    public void addBias() {
        setInt(CublasLt.CUBLASLT_MATMUL_DESC_EPILOGUE(), CublasLt.CUBLASLT_EPILOGUE_BIAS());
    }

    /// Lets sums of products of 8-bit floats keep fewer bits, as the tensor cores of some devices do by themselves.
    public void sumFast() {
        value.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
        set(CublasLt.CUBLASLT_MATMUL_DESC_FAST_ACCUM(), 1);
    }

    /// Says where `pointer` lies on the device.
    public void point(Pointer pointer, long address) {
        value.set(ValueLayout.JAVA_LONG, 0, address);
        set(pointer.code, ValueLayout.JAVA_LONG.byteSize());
    }

    private void setInt(int attribute, int number) {
        value.set(ValueLayout.JAVA_INT, 0, number);
        set(attribute, ValueLayout.JAVA_INT.byteSize());
    }

    private void set(int attribute, long bytes) {
        int returned = CublasLt.cublasLtMatmulDescSetAttribute(address(), attribute, value, bytes);
        CublasStatus.CUBLASLT.check(returned, "cublasLtMatmulDescSetAttribute");
    }

    MemorySegment descriptor() {
        return address();
    }
}
