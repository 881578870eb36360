package org.panamask.backend.host;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.panamask.tensor.DType;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Scope;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Long-lived tensors in host memory.
public final class HostOwner implements Owner {
    private final HostMemory memory;
    private final Scope scope;
    private final List<MemorySegment> blocks = new ArrayList<>();
    private final List<Runnable> closings = new ArrayList<>();
    private final Consumer<Runnable> betweenJobs;

    /// An owner of parts of `memory`; `betweenJobs` runs something when no job runs, and waits for it.
    HostOwner(HostMemory memory, String name, Consumer<Runnable> betweenJobs) {
        this.memory = memory;
        this.scope = new Scope(name);
        this.betweenJobs = betweenJobs;
    }

    /// A tensor of zeros that lives until this owner is closed.
    ///
    /// @throws org.panamask.backend.DeviceMemoryException if there is no memory for it
    /// @throws IllegalStateException if this owner is closed
    public synchronized Tensor make(Shape shape, DType dtype) {
        MemorySegment block = take(Math.max(1, shape.count() * dtype.bytes()), shape + " " + dtype);
        return Tensor.of(shape, dtype, block.asSlice(0, shape.count() * dtype.bytes()), scope);
    }

    /// Zeroed memory that lives until this owner is closed.
    public synchronized MemorySegment take(long bytes, String purpose) {
        if (!scope.isOpen()) {
            throw new IllegalStateException(name() + " is closed");
        }
        MemorySegment block = memory.take(name(), bytes, purpose);
        block.fill((byte) 0);
        blocks.add(block);
        return block;
    }

    /// Runs `closing` when this owner is closed, before its memory is given back; the newest first.
    public synchronized void onClose(Runnable closing) {
        closings.add(closing);
    }

    /// Whether its bytes are parts of `other`.
    boolean isPartOf(HostMemory other) {
        return memory == other;
    }

    /// Whether its tensors may still be used.
    boolean isOpen() {
        return scope.isOpen();
    }

    @Override
    public String name() {
        return scope.name();
    }

    @Override
    public synchronized long bytes() {
        return blocks.stream().mapToLong(MemorySegment::byteSize).sum();
    }

    /// Refuses its tensors from now on, and gives their memory back when no job can be reading it: outside of a job
    /// it waits for those submitted before.
    @Override
    public void close() {
        scope.close();
        betweenJobs.accept(this::giveBack);
    }

    private synchronized void giveBack() {
        closings.reversed().forEach(Runnable::run);
        closings.clear();
        blocks.forEach(block -> memory.give(name(), block));
        blocks.clear();
    }
}
