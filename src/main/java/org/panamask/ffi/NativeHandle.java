package org.panamask.ffi;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToIntFunction;

/// Owns one native object: destroys it exactly once and refuses its use afterwards.
public abstract class NativeHandle implements AutoCloseable {
    private final String kind;
    private final MemorySegment address;
    private final ToIntFunction<MemorySegment> destroy;
    private final NativeObjects objects;
    private final AtomicBoolean open = new AtomicBoolean(true);

    NativeHandle(String kind, MemorySegment address, ToIntFunction<MemorySegment> destroy, NativeObjects objects) {
        this.kind = kind;
        this.address = address;
        this.destroy = destroy;
        this.objects = objects;
        objects.opened(kind);
    }

    final MemorySegment address() {
        if (!open.get()) {
            throw new IllegalStateException(kind + " is closed");
        }
        return address;
    }

    final NativeObjects objects() {
        return objects;
    }

    /// Whether [#close] has not been called yet.
    public final boolean isOpen() {
        return open.get();
    }

    /// Destroys the native object; a second call does nothing.
    ///
    /// @throws NativeException if the native library refuses
    @Override
    public final void close() {
        if (open.compareAndSet(true, false)) {
            objects.closed(kind);
            int status = destroy.applyAsInt(address);
            closeParts();
            DnnlStatus.check(status, kind + "_destroy");
        }
    }

    /// Closes what the object was made of, after it.
    void closeParts() {}
}
