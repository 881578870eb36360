package org.panamask.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.cublas.Cublas;
import org.panamask.bindings.cublaslt.CublasLt;
import org.panamask.bindings.cuda.Cuda;
import org.panamask.bindings.cudnn.Cudnn;
import org.panamask.bindings.nccl.Nccl;
import org.panamask.bindings.nvrtc.Nvrtc;

/// What loaded libraries say of their versions.
final class CudaVersions {
    private CudaVersions() {}

    /// The version of a loaded library, empty where it does not tell.
    static String of(CudaLibrary library) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment major = arena.allocate(ValueLayout.JAVA_INT);
            MemorySegment minor = arena.allocate(ValueLayout.JAVA_INT);
            return switch (library) {
                case CUDA -> told(Cuda.cuDriverGetVersion(major), value(major) / 1000, value(major) % 1000 / 10);
                case NVRTC -> told(Nvrtc.nvrtcVersion(major, minor), value(major), value(minor));
                case CUBLASLT -> parts(CublasLt.cublasLtGetVersion());
                case CUBLAS -> {
                    int first = Cublas.cublasGetProperty(Cublas.MAJOR_VERSION(), major);
                    int second = Cublas.cublasGetProperty(Cublas.MINOR_VERSION(), minor);
                    yield told(first + second, value(major), value(minor));
                }
                case CUDNN -> parts(Cudnn.cudnnGetVersion());
                case NCCL -> Nccl.ncclGetVersion(major) == 0 ? parts(value(major)) : "";
                case CUDART, FLASHATTN -> "";
            };
        }
    }

    private static int value(MemorySegment segment) {
        return segment.get(ValueLayout.JAVA_INT, 0);
    }

    private static String told(int status, int major, int minor) {
        return status == 0 ? major + "." + minor : "";
    }

    /// The parts of `major * 10000 + minor * 100 + patch`.
    private static String parts(long version) {
        return version / 10_000 + "." + version / 100 % 100 + "." + version % 100;
    }
}
