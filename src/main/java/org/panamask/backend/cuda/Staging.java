package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.panamask.ffi.cuda.CudaContext;
import org.panamask.ffi.cuda.CudaStream;

/// How numbers of the host get to the device without waiting: they are collected in pinned memory, which one copy
/// brings into a piece of device memory before the commands that use them; these copy from there. The pinned memory may
/// be another one each time, but what commands see of it is at the same addresses when the same numbers of bytes come
/// again.
final class Staging implements AutoCloseable {
    /// The most that is collected for one list of commands.
    static final int BYTES = 1 << 20;
    private static final int SLOTS = 4;
    private static final int ALIGNMENT = 16;

    private final Closing closing = new Closing();
    private final MemorySegment device;
    private final PinnedRing ring;
    private PinnedRing.@Nullable Slot slot;
    private int used;

    /// Staging of `context`; `device` is memory of [#BYTES] bytes there.
    Staging(CudaContext context, MemorySegment device) {
        this.device = device;
        this.ring = closing.add(new PinnedRing(context, SLOTS, BYTES));
    }

    /// A place for numbers of the host.
    ///
    /// @param host where to write them
    /// @param address where commands find them
    record Place(MemorySegment host, long address) {}

    /// Whether `bytes` more bytes can be collected before the next [#send].
    boolean fits(long bytes) {
        return used + bytes <= BYTES;
    }

    /// A place for `bytes` bytes, which [#fits] allowed.
    Place place(long bytes) {
        PinnedRing.Slot current = slot;
        if (current == null) {
            current = ring.next();
            slot = current;
        }
        Place place = new Place(current.memory().asSlice(used, bytes), device.address() + used);
        used = Math.toIntExact((used + bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        return place;
    }

    /// Copies what was collected to the device.
    void send(CudaStream stream) {
        PinnedRing.Slot current = slot;
        if (current != null) {
            stream.copyToDevice(current.memory().asSlice(0, Math.min(used, BYTES)), device.address());
            current.usedBy(stream);
            forget();
        }
    }

    /// Drops what was collected.
    void forget() {
        slot = null;
        used = 0;
    }

    /// Copies device memory to `to`, waiting for it.
    void read(CudaStream stream, long from, MemorySegment to) {
        for (long at = 0; at < to.byteSize(); at += BYTES) {
            long bytes = Math.min(BYTES, to.byteSize() - at);
            PinnedRing.Slot free = ring.next();
            MemorySegment pinned = free.memory().asSlice(0, bytes);
            stream.copyToHost(from + at, pinned);
            // Should waiting fail, the copy may come later.
            free.usedBy(stream);
            stream.synchronize();
            free.free();
            MemorySegment.copy(pinned, 0, to, at, bytes);
        }
    }

    /// Copies `from` to the device without waiting for it.
    void write(CudaStream stream, MemorySegment from, long to) {
        for (long at = 0; at < from.byteSize(); at += BYTES) {
            long bytes = Math.min(BYTES, from.byteSize() - at);
            PinnedRing.Slot free = ring.next();
            MemorySegment pinned = free.memory().asSlice(0, bytes);
            MemorySegment.copy(from, at, pinned, 0, bytes);
            stream.copyToDevice(pinned, to + at);
            free.usedBy(stream);
        }
    }

    @Override
    public void close() {
        closing.close();
    }
}
