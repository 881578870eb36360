package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import org.panamask.bindings.cublas.Cublas;
import org.panamask.bindings.cublaslt.CublasLt;
import org.panamask.ffi.CudaLibraries;
import org.panamask.ffi.CudaLibrary;
import org.panamask.ffi.LibraryReport;
import org.panamask.ffi.NativeHandle;
import org.panamask.ffi.NativeObjects;

/// cuBLAS on one device, for products that cuBLASLt does not take: many of different shapes at once. Sums are 32-bit
/// floats. Used by one thread.
public final class CublasHandle extends NativeHandle {
    private CublasHandle(MemorySegment handle, NativeObjects objects) {
        super(
                "cublasHandle",
                handle,
                objects,
                address -> CublasStatus.CUBLAS.check(Cublas.cublasDestroy_v2(address), "cublasDestroy_v2"));
    }

    /// Loads the library.
    ///
    /// @throws org.panamask.ffi.LibraryLoadException if there is none
    /// @throws org.panamask.ffi.NativeAccessException if native access is refused
    public static LibraryReport load() {
        return CudaLibraries.require(
                CudaLibrary.CUBLAS,
                "install cuBLAS of CUDA 12 or 13, as the Python packages nvidia-cublas-cu12 and nvidia-cublas do,"
                        + " or name the file in PANAMASK_LIB_CUBLAS");
    }

    /// A handle for the device of `stream`, which is current to this thread; its work goes to `stream` and may
    /// overwrite `workspace`.
    ///
    /// @throws CublasException if there is no such device
    public static CublasHandle create(CudaStream stream, CublasLtHandle.Workspace workspace) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            CublasStatus.CUBLAS.check(Cublas.cublasCreate_v2(out), "cublasCreate_v2");
            CublasHandle handle = new CublasHandle(
                    out.get(ValueLayout.ADDRESS, 0), stream.context().counted());
            try {
                handle.use(stream, workspace);
            } catch (RuntimeException failure) {
                handle.close();
                throw failure;
            }
            return handle;
        }
    }

    /// A new stream takes cuBLAS' own workspace, so the workspace comes after it.
    private void use(CudaStream stream, CublasLtHandle.Workspace workspace) {
        CublasStatus.CUBLAS.check(
                Cublas.cublasSetStream_v2(address(), stream.stream("cublasSetStream_v2")), "cublasSetStream_v2");
        CublasStatus.CUBLAS.check(
                Cublas.cublasSetWorkspace_v2(
                        address(), MemorySegment.ofAddress(workspace.address()), workspace.bytes()),
                "cublasSetWorkspace_v2");
    }

    /// Enqueues `groups`.
    public void multiply(CublasGroups groups) {
        try (Arena frame = Arena.ofConfined()) {
            List<CublasGroups.Group> all = groups.groups();
            int type = groups.type().code();
            int returned = Cublas.cublasGemmGroupedBatchedEx(
                    address(),
                    ints(frame, all, group -> turned(group.shape().turnLeft())),
                    ints(frame, all, group -> turned(group.shape().turnRight())),
                    ints(frame, all, group -> group.shape().m()),
                    ints(frame, all, group -> group.shape().n()),
                    ints(frame, all, group -> group.shape().k()),
                    floats(frame, all, CublasGroups.Group::alpha),
                    MemorySegment.ofAddress(groups.left()),
                    type,
                    ints(frame, all, group -> group.shape().leftStride()),
                    MemorySegment.ofAddress(groups.right()),
                    type,
                    ints(frame, all, group -> group.shape().rightStride()),
                    floats(frame, all, CublasGroups.Group::beta),
                    MemorySegment.ofAddress(groups.result()),
                    type,
                    ints(frame, all, group -> group.shape().m()),
                    all.size(),
                    ints(frame, all, CublasGroups.Group::count),
                    CublasLt.CUBLAS_COMPUTE_32F());
            CublasStatus.CUBLAS.check(returned, "cublasGemmGroupedBatchedEx");
        }
    }

    private static int turned(boolean turned) {
        return turned ? CublasLt.CUBLAS_OP_T() : CublasLt.CUBLAS_OP_N();
    }

    private static MemorySegment ints(
            Arena frame, List<CublasGroups.Group> groups, ToIntFunction<CublasGroups.Group> part) {
        return frame.allocateFrom(
                ValueLayout.JAVA_INT, groups.stream().mapToInt(part).toArray());
    }

    private static MemorySegment floats(
            Arena frame, List<CublasGroups.Group> groups, ToDoubleFunction<CublasGroups.Group> part) {
        MemorySegment values = frame.allocate(ValueLayout.JAVA_FLOAT, groups.size());
        for (int i = 0; i < groups.size(); i++) {
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) part.applyAsDouble(groups.get(i)));
        }
        return values;
    }

    /// Products of one shape whose matrices follow each other at equal distances: `D = alpha op(A) op(B) + beta D`.
    ///
    /// @param shape their extents
    /// @param count their number
    /// @param types of the elements
    /// @param strides elements from one matrix to the next
    /// @param operands the addresses of the first matrices, and the factors
    public record Batch(
            CublasGroups.Shape shape, long count, Types types, Strides strides, CublasLtProduct.Operands operands) {}

    /// What elements are.
    ///
    /// @param operands of A and B
    /// @param result of D
    public record Types(CublasType operands, CublasType result) {}

    /// Elements from one matrix to the next; 0 takes the same matrix each time.
    ///
    /// @param left from A to A
    /// @param right from B to B
    /// @param result from D to D
    public record Strides(long left, long right, long result) {}

    /// Enqueues `batch`.
    public void multiply(Batch batch) {
        CublasGroups.Shape shape = batch.shape();
        CublasLtProduct.Operands operands = batch.operands();
        try (Arena frame = Arena.ofConfined()) {
            int returned = Cublas.cublasGemmStridedBatchedEx_64(
                    address(),
                    turned(shape.turnLeft()),
                    turned(shape.turnRight()),
                    shape.m(),
                    shape.n(),
                    shape.k(),
                    frame.allocateFrom(ValueLayout.JAVA_FLOAT, operands.alpha()),
                    MemorySegment.ofAddress(operands.a()),
                    batch.types().operands().code(),
                    shape.leftStride(),
                    batch.strides().left(),
                    MemorySegment.ofAddress(operands.b()),
                    batch.types().operands().code(),
                    shape.rightStride(),
                    batch.strides().right(),
                    frame.allocateFrom(ValueLayout.JAVA_FLOAT, operands.beta()),
                    MemorySegment.ofAddress(operands.d()),
                    batch.types().result().code(),
                    shape.m(),
                    batch.strides().result(),
                    batch.count(),
                    CublasLt.CUBLAS_COMPUTE_32F(),
                    Cublas.CUBLAS_GEMM_DEFAULT());
            CublasStatus.CUBLAS.check(returned, "cublasGemmStridedBatchedEx_64");
        }
    }
}
