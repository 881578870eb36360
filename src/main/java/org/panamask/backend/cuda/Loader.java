package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.panamask.ffi.cuda.CudaContext;
import org.panamask.ffi.cuda.CudaEvent;
import org.panamask.ffi.cuda.CudaStream;

/// Brings weights to the device: from memory that may be a mapped file into pinned memory, and from there on a stream
/// of its own while the host reads on.
final class Loader implements AutoCloseable {
    private static final int SLOTS = 4;
    private static final long SLOT_BYTES = 16 << 20;

    private final Closing closing = new Closing();
    private final CudaContext context;
    private final CudaStream compute;
    private final CudaStream copies;
    private final CudaEvent computed;
    private final CudaEvent copied;
    private @Nullable PinnedRing ring;

    /// Loads for `compute`.
    Loader(CudaContext context, CudaStream compute) {
        this.context = context;
        this.compute = compute;
        try {
            this.copies = closing.add(CudaStream.create(context));
            this.computed = closing.add(CudaEvent.ordering(context));
            this.copied = closing.add(CudaEvent.ordering(context));
        } catch (RuntimeException failure) {
            throw closing.after(failure);
        }
    }

    /// Copies `from` to the address `to` after what the compute stream has enqueued and before what it enqueues
    /// next.
    void load(MemorySegment from, long to) {
        computed.record(compute);
        copies.waitFor(computed);
        PinnedRing slots = ring();
        for (long at = 0; at < from.byteSize(); at += SLOT_BYTES) {
            long bytes = Math.min(SLOT_BYTES, from.byteSize() - at);
            PinnedRing.Slot slot = slots.next();
            MemorySegment pinned = slot.memory().asSlice(0, bytes);
            MemorySegment.copy(from, at, pinned, 0, bytes);
            copies.copyToDevice(pinned, to + at);
            slot.usedBy(copies);
        }
        copied.record(copies);
        compute.waitFor(copied);
    }

    /// Pinned memory takes a while to get: it is not taken where nothing is loaded.
    private PinnedRing ring() {
        PinnedRing present = ring;
        if (present == null) {
            present = closing.add(new PinnedRing(context, SLOTS, SLOT_BYTES));
            ring = present;
        }
        return present;
    }

    @Override
    public void close() {
        closing.close();
    }
}
