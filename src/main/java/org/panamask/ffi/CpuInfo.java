package org.panamask.ffi;

import java.util.Map;
import org.panamask.bindings.dnnl.dnnl_h;

/// What oneDNN finds in this processor.
///
/// @param dnnlVersion oneDNN's version
/// @param instructionSet the best instruction set it uses, such as `avx512_core_bf16`
/// @param threads the threads it uses when called from the thread that asked
/// @param f32Matmul oneDNN's name of the f32 matmul it would run
/// @param bf16Matmul the same for bf16, or `none`
public record CpuInfo(String dnnlVersion, String instructionSet, int threads, String f32Matmul, String bf16Matmul) {
    private static final Map<Integer, String> INSTRUCTION_SETS = Map.of(
            dnnl_h.dnnl_cpu_isa_sse41(), "sse41",
            dnnl_h.dnnl_cpu_isa_avx(), "avx",
            dnnl_h.dnnl_cpu_isa_avx2(), "avx2",
            dnnl_h.dnnl_cpu_isa_avx2_vnni(), "avx2_vnni",
            dnnl_h.dnnl_cpu_isa_avx2_vnni_2(), "avx2_vnni_2",
            dnnl_h.dnnl_cpu_isa_avx512_core(), "avx512_core",
            dnnl_h.dnnl_cpu_isa_avx512_core_vnni(), "avx512_core_vnni",
            dnnl_h.dnnl_cpu_isa_avx512_core_bf16(), "avx512_core_bf16",
            dnnl_h.dnnl_cpu_isa_avx512_core_fp16(), "avx512_core_fp16",
            dnnl_h.dnnl_cpu_isa_avx512_core_amx(), "avx512_core_amx");

    /// Asks oneDNN through `engine`.
    public static CpuInfo detect(DnnlEngine engine) {
        int isa = dnnl_h.dnnl_get_effective_cpu_isa();
        String name = isa == dnnl_h.dnnl_cpu_isa_avx512_core_amx_fp16()
                ? "avx512_core_amx_fp16"
                : INSTRUCTION_SETS.getOrDefault(isa, "0x" + Integer.toHexString(isa));
        return new CpuInfo(
                NativeLibraries.loadDnnl().version(),
                name,
                OpenMp.threads(),
                matmul(engine, DnnlType.F32),
                matmul(engine, DnnlType.BF16));
    }

    /// Whether bf16 matmuls run on something better than oneDNN's reference loops.
    public boolean bf16() {
        return !bf16Matmul.equals("none") && !bf16Matmul.contains("ref");
    }

    private static String matmul(DnnlEngine engine, DnnlType type) {
        try (DnnlAttributes attributes = DnnlAttributes.create(engine);
                DnnlMemoryDesc square = DnnlMemoryDesc.dense(engine, type, 256, 256);
                DnnlMemoryDesc packed = DnnlMemoryDesc.any(engine, type, 256, 256);
                DnnlPrimitiveDesc plan = new DnnlOperations(engine, attributes).matmul(square, packed, square)) {
            return plan.implementation();
        } catch (NativeException unsupported) {
            return "none";
        }
    }
}
