package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.panamask.bindings.cublaslt.CublasLt;
import org.panamask.bindings.cublaslt.cublasLtMatmulHeuristicResult_t;
import org.panamask.ffi.CudaLibraries;
import org.panamask.ffi.CudaLibrary;
import org.panamask.ffi.LibraryReport;
import org.panamask.ffi.NativeHandle;
import org.panamask.ffi.NativeObjects;

/// cuBLASLt on one device: finds algorithms for products and enqueues them. Used by one thread.
public final class CublasLtHandle extends NativeHandle {
    private final MemorySegment alpha = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT);
    private final MemorySegment beta = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT);

    private CublasLtHandle(MemorySegment handle, NativeObjects objects) {
        super(
                "cublasLtHandle",
                handle,
                objects,
                address -> CublasStatus.CUBLASLT.check(CublasLt.cublasLtDestroy(address), "cublasLtDestroy"));
    }

    /// Loads the library.
    ///
    /// @throws org.panamask.ffi.LibraryLoadException if there is none
    /// @throws org.panamask.ffi.NativeAccessException if native access is refused
    public static LibraryReport load() {
        return CudaLibraries.require(
                CudaLibrary.CUBLASLT,
                "install cuBLAS of CUDA 12 or 13, as the Python packages nvidia-cublas-cu12 and nvidia-cublas do,"
                        + " or name the file in PANAMASK_LIB_CUBLASLT");
    }

    /// A handle of the library that [#load] loaded, for the device of `context`, which is current to this thread.
    ///
    /// @throws CublasException if there is no such device
    public static CublasLtHandle create(CudaContext context) {
        context.handle("cublasLtCreate");
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            CublasStatus.CUBLASLT.check(CublasLt.cublasLtCreate(out), "cublasLtCreate");
            return new CublasLtHandle(out.get(ValueLayout.ADDRESS, 0), context.counted());
        }
    }

    /// What counts the handle and what is described with it.
    NativeObjects counted() {
        return objects();
    }

    /// The library's version, 130101 for 13.1.1.
    public static long version() {
        return CublasLt.cublasLtGetVersion();
    }

    /// The algorithm that the library expects to be the fastest for `product`, if it has any.
    public Optional<CublasLtAlgorithm> best(CublasLtProduct product, CublasLtPreference preference) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment result = frame.allocate(cublasLtMatmulHeuristicResult_t.layout());
            MemorySegment found = frame.allocate(ValueLayout.JAVA_INT);
            MemorySegment d = product.d().layout();
            int returned = CublasLt.cublasLtMatmulAlgoGetHeuristic(
                    address(),
                    product.descriptor().descriptor(),
                    product.a().layout(),
                    product.b().layout(),
                    d,
                    d,
                    preference.preference(),
                    1,
                    result,
                    found);
            if (returned != CublasLt.CUBLAS_STATUS_NOT_SUPPORTED()) {
                CublasStatus.CUBLASLT.check(returned, "cublasLtMatmulAlgoGetHeuristic");
            }
            boolean usable = returned == CublasLt.CUBLAS_STATUS_SUCCESS()
                    && found.get(ValueLayout.JAVA_INT, 0) > 0
                    && cublasLtMatmulHeuristicResult_t.state(result) == CublasLt.CUBLAS_STATUS_SUCCESS();
            return usable ? Optional.of(algorithm(result)) : Optional.empty();
        }
    }

    private static CublasLtAlgorithm algorithm(MemorySegment result) {
        return new CublasLtAlgorithm(
                cublasLtMatmulHeuristicResult_t.algo(result), cublasLtMatmulHeuristicResult_t.workspaceSize(result));
    }

    /// `algorithm` for `product`, with the workspace that it needs there, if it can compute it.
    public Optional<CublasLtAlgorithm> check(CublasLtProduct product, CublasLtAlgorithm algorithm) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment result = frame.allocate(cublasLtMatmulHeuristicResult_t.layout());
            MemorySegment d = product.d().layout();
            int returned = CublasLt.cublasLtMatmulAlgoCheck(
                    address(),
                    product.descriptor().descriptor(),
                    product.a().layout(),
                    product.b().layout(),
                    d,
                    d,
                    algorithm.algorithm(),
                    result);
            if (isNo(returned)) {
                return Optional.empty();
            }
            CublasStatus.CUBLASLT.check(returned, "cublasLtMatmulAlgoCheck");
            return Optional.of(new CublasLtAlgorithm(
                    algorithm.algorithm(), cublasLtMatmulHeuristicResult_t.workspaceSize(result)));
        }
    }

    /// Whether the library says that it cannot, rather than fails to tell.
    private static boolean isNo(int returned) {
        return returned == CublasLt.CUBLAS_STATUS_NOT_SUPPORTED()
                || returned == CublasLt.CUBLAS_STATUS_INVALID_VALUE()
                || returned == CublasLt.CUBLAS_STATUS_ARCH_MISMATCH();
    }

    /// Memory that algorithms may overwrite.
    ///
    /// @param address where it lies, a multiple of 256
    /// @param bytes its size
    public record Workspace(long address, long bytes) {}

    /// How a product is computed.
    ///
    /// @param algorithm the way
    /// @param workspace at least what the algorithm needs; never shared by streams
    /// @param stream where it is enqueued
    public record Way(CublasLtAlgorithm algorithm, Workspace workspace, CudaStream stream) {}

    /// Enqueues a product.
    public void multiply(CublasLtProduct product, CublasLtProduct.Operands operands, Way way) {
        alpha.set(ValueLayout.JAVA_FLOAT, 0, operands.alpha());
        beta.set(ValueLayout.JAVA_FLOAT, 0, operands.beta());
        MemorySegment d = product.d().layout();
        MemorySegment result = MemorySegment.ofAddress(operands.d());
        int returned = CublasLt.cublasLtMatmul(
                address(),
                product.descriptor().descriptor(),
                alpha,
                MemorySegment.ofAddress(operands.a()),
                product.a().layout(),
                MemorySegment.ofAddress(operands.b()),
                product.b().layout(),
                beta,
                result,
                d,
                result,
                d,
                way.algorithm().algorithm(),
                MemorySegment.ofAddress(way.workspace().address()),
                way.workspace().bytes(),
                way.stream().stream("cublasLtMatmul"));
        CublasStatus.CUBLASLT.check(returned, "cublasLtMatmul");
    }
}
