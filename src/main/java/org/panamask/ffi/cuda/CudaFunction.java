package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.cuda.Cuda;

/// A kernel of a [CudaModule], usable as long as that is open.
public final class CudaFunction {
    /// What a kernel may use of shared memory without asking.
    private static final int PLAIN_SHARED_BYTES = 49_152;

    private final CudaModule module;
    private final String name;
    private final MemorySegment function;
    private int allowedBytes = PLAIN_SHARED_BYTES;

    CudaFunction(CudaModule module, String name, MemorySegment function) {
        this.module = module;
        this.name = name;
        this.function = function;
    }

    /// Its name in the source.
    public String name() {
        return name;
    }

    MemorySegment handle(String call) {
        module.handle(call);
        return function;
    }

    /// Registers that a thread of it has.
    public int registers() {
        return attribute(Cuda.CU_FUNC_ATTRIBUTE_NUM_REGS());
    }

    private int attribute(int attribute) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.JAVA_INT);
            module.check(
                    Cuda.cuFuncGetAttribute(out, attribute, handle("cuFuncGetAttribute")),
                    "cuFuncGetAttribute of " + name);
            return out.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /// Lets launches ask for up to `bytes` bytes of shared memory.
    ///
    /// @throws CudaException if the device has not so much
    void allowShared(int bytes) {
        if (bytes > allowedBytes) {
            module.check(
                    Cuda.cuFuncSetAttribute(
                            handle("cuFuncSetAttribute"),
                            Cuda.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES(),
                            bytes),
                    "cuFuncSetAttribute of " + name);
            allowedBytes = bytes;
        }
    }
}
