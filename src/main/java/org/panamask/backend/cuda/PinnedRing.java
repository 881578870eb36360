package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.panamask.ffi.cuda.CudaContext;
import org.panamask.ffi.cuda.CudaEvent;
import org.panamask.ffi.cuda.CudaStream;
import org.panamask.ffi.cuda.PinnedMemory;

/// Slots of pinned host memory that are used in turn. A slot is handed out again once the copies that read it have run,
/// so the host fills one while the device still copies from the others.
final class PinnedRing implements AutoCloseable {
    private final Closing closing = new Closing();
    private final List<Slot> slots = new ArrayList<>();
    private int next;

    /// One piece of the ring.
    static final class Slot {
        private final MemorySegment memory;
        private final CudaEvent copied;
        private @Nullable CudaStream unmarked;
        private boolean busy;

        Slot(MemorySegment memory, CudaEvent copied) {
            this.memory = memory;
            this.copied = copied;
        }

        /// The pinned memory.
        MemorySegment memory() {
            return memory;
        }

        /// Keeps the slot from being handed out until everything enqueued on `stream` so far has run.
        void usedBy(CudaStream stream) {
            unmarked = stream;
            busy = true;
            copied.record(stream);
            unmarked = null;
        }

        /// The same when everything enqueued has run.
        void free() {
            busy = false;
        }

        private void await() {
            CudaStream all = unmarked;
            if (all != null) {
                all.synchronize();
                unmarked = null;
            } else if (busy) {
                copied.synchronize();
            }
            busy = false;
        }
    }

    /// Takes `count` slots of `bytes` bytes each.
    PinnedRing(CudaContext context, int count, long bytes) {
        try {
            for (int i = 0; i < count; i++) {
                PinnedMemory memory = closing.add(PinnedMemory.take(context, bytes));
                slots.add(new Slot(memory.memory(), closing.add(CudaEvent.ordering(context))));
            }
        } catch (RuntimeException failure) {
            throw closing.after(failure);
        }
    }

    /// The next slot, free to be written; waits where it must.
    Slot next() {
        Slot slot = slots.get(next);
        next = (next + 1) % slots.size();
        slot.await();
        return slot;
    }

    @Override
    public void close() {
        closing.close();
    }
}
