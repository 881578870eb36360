package org.panamask.ffi.cuda;

import java.lang.foreign.MemorySegment;
import java.util.function.ToIntFunction;
import org.panamask.ffi.NativeHandle;
import org.panamask.ffi.NativeObjects;

/// An object of the driver. Every call goes through [#handle], so none reaches the driver once the context is lost.
public abstract class CudaHandle extends NativeHandle {
    private final CudaStatus status;

    /// Destroys an object of the driver that is closed.
    ///
    /// @param call the function's name, for messages
    /// @param function the function
    record Destroyer(String call, ToIntFunction<MemorySegment> function) {}

    CudaHandle(String kind, MemorySegment address, CudaStatus status, NativeObjects objects, Destroyer destroyer) {
        super(
                kind,
                address,
                objects,
                handle -> status.destroy(
                        destroyer.call(), () -> destroyer.function().applyAsInt(handle)));
        this.status = status;
    }

    /// The object, for a call of `call`.
    ///
    /// @throws CudaException if the context is lost
    /// @throws IllegalStateException if the object is closed
    final MemorySegment handle(String call) {
        status.requireAlive(call);
        return address();
    }

    /// Whether the context is lost, and what was returned.
    public final CudaStatus status() {
        return status;
    }

    final void check(int returned, String call) {
        status.check(returned, call);
    }

    /// What counts the objects of this context.
    public final NativeObjects counted() {
        return objects();
    }
}
