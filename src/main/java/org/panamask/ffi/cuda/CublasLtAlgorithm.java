package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.cublaslt.CublasLt;
import org.panamask.bindings.cublaslt.cublasLtMatmulAlgo_t;

/// A way to compute a product, with which a library of one version computes it again in the same order.
public final class CublasLtAlgorithm {
    private final MemorySegment algorithm;
    private final long workspaceBytes;

    /// Keeps a copy of `found`.
    CublasLtAlgorithm(MemorySegment found, long workspaceBytes) {
        this.algorithm = Arena.ofAuto().allocate(cublasLtMatmulAlgo_t.layout());
        this.algorithm.copyFrom(found);
        this.workspaceBytes = workspaceBytes;
    }

    /// Workspace that it needs.
    public long workspaceBytes() {
        return workspaceBytes;
    }

    /// Parts that each sum is cut into, computed apart and added up.
    public int parts() {
        return number(CublasLt.CUBLASLT_ALGO_CONFIG_SPLITK_NUM());
    }

    /// What the library calls it, its tile and its stages: for reports.
    public String configuration() {
        return "algorithm " + number(CublasLt.CUBLASLT_ALGO_CONFIG_ID())
                + ", tile " + number(CublasLt.CUBLASLT_ALGO_CONFIG_TILE_ID())
                + ", stages " + number(CublasLt.CUBLASLT_ALGO_CONFIG_STAGES_ID());
    }

    private int number(int attribute) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment value = frame.allocate(ValueLayout.JAVA_INT);
            MemorySegment written = frame.allocate(ValueLayout.JAVA_LONG);
            int returned = CublasLt.cublasLtMatmulAlgoConfigGetAttribute(
                    algorithm, attribute, value, value.byteSize(), written);
            CublasStatus.CUBLASLT.check(returned, "cublasLtMatmulAlgoConfigGetAttribute");
            return value.get(ValueLayout.JAVA_INT, 0);
        }
    }

    MemorySegment algorithm() {
        return algorithm;
    }
}
