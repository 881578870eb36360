package org.panamask.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.panamask.bindings.cudnn.Cudnn;
import org.panamask.ffi.NativeHandle;
import org.panamask.ffi.NativeObjects;

/// cuDNN on the device of the current context.
public final class CudnnHandle extends NativeHandle {
    private CudnnHandle(MemorySegment handle, NativeObjects objects) {
        super("cudnn handle", handle, objects, each -> CudnnException.check(Cudnn.cudnnDestroy(each), "cudnnDestroy"));
    }

    /// Starts cuDNN, which must be loaded.
    ///
    /// @throws CudnnException if it cannot work on the device
    public static CudnnHandle create(NativeObjects objects) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ValueLayout.ADDRESS);
            CudnnException.check(Cudnn.cudnnCreate(out), "cudnnCreate");
            return new CudnnHandle(out.get(ValueLayout.ADDRESS, 0), objects);
        }
    }

    /// Enqueues what runs from now on on `stream`.
    public void use(CudaStream stream) {
        CudnnException.check(Cudnn.cudnnSetStream(address(), stream.stream("cudnnSetStream")), "cudnnSetStream");
    }

    MemorySegment library() {
        return address();
    }
}
