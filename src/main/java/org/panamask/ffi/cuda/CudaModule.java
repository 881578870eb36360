package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.cuda.Cuda;

/// Compiled kernels on a device.
public final class CudaModule extends CudaHandle {
    private static final long IMAGE_ALIGNMENT = 16;

    private CudaModule(MemorySegment module, CudaContext context) {
        super(
                "CUmodule",
                module,
                context.status(),
                context.counted(),
                new Destroyer("cuModuleUnload", Cuda::cuModuleUnload));
    }

    /// Loads what the compiler made.
    ///
    /// @throws CudaException if `image` is not for this device, or damaged
    public static CudaModule load(CudaContext context, byte[] image) {
        context.handle("cuModuleLoadDataEx");
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment copy = frame.allocate(Math.max(1, image.length), IMAGE_ALIGNMENT);
            MemorySegment.copy(image, 0, copy, ValueLayout.JAVA_BYTE, 0, image.length);
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            context.check(
                    Cuda.cuModuleLoadDataEx(out, copy, 0, MemorySegment.NULL, MemorySegment.NULL),
                    "cuModuleLoadDataEx");
            return new CudaModule(out.get(ValueLayout.ADDRESS, 0), context);
        }
    }

    /// The kernel called `name`.
    ///
    /// @throws CudaException if there is none
    public CudaFunction function(String name) {
        MemorySegment module = handle("cuModuleGetFunction");
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            check(Cuda.cuModuleGetFunction(out, module, frame.allocateFrom(name)), "cuModuleGetFunction of " + name);
            return new CudaFunction(this, name, out.get(ValueLayout.ADDRESS, 0));
        }
    }
}
