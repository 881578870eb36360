package org.panamask.ffi;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/// Owns one native object: destroys it exactly once and refuses its use afterwards.
public abstract class NativeHandle implements AutoCloseable {
    private final String kind;
    private final MemorySegment address;
    private final Consumer<MemorySegment> destroy;
    private final NativeObjects objects;
    private final AtomicBoolean open = new AtomicBoolean(true);

    /// An object of oneDNN, whose destroy functions are named after their kind.
    NativeHandle(String kind, MemorySegment address, ToIntFunction<MemorySegment> destroy, NativeObjects objects) {
        this(kind, address, objects, handle -> DnnlStatus.check(destroy.applyAsInt(handle), kind + "_destroy"));
    }

    /// Takes an object that was just created.
    ///
    /// @param kind what it is, for messages and counts
    /// @param address the object, or an address of a device
    /// @param objects counts it while it is open
    /// @param destroy destroys it; called once
    protected NativeHandle(String kind, MemorySegment address, NativeObjects objects, Consumer<MemorySegment> destroy) {
        this.kind = kind;
        this.address = address;
        this.destroy = destroy;
        this.objects = objects;
        objects.opened(kind);
    }

    /// The object.
    ///
    /// @throws IllegalStateException if it is closed
    protected final MemorySegment address() {
        if (!open.get()) {
            throw new IllegalStateException(kind + " is closed");
        }
        return address;
    }

    /// What counts it, and what is made of it.
    protected final NativeObjects objects() {
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
            try {
                destroy.accept(address);
            } finally {
                closeParts();
            }
        }
    }

    /// Closes what the object was made of, after it.
    protected void closeParts() {}
}
