package org.panamask.backend.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.panamask.tensor.DType;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Scope;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Long-lived tensors in memory of a backend.
public final class MemoryOwner implements Owner {
    private final BackendMemory memory;
    private final Scope scope;
    private final List<Block> blocks = new ArrayList<>();
    private final Consumer<Runnable> betweenJobs;

    /// An owner of parts of `memory`; `betweenJobs` runs something when no job runs, and waits for it.
    MemoryOwner(BackendMemory memory, String name, Consumer<Runnable> betweenJobs) {
        this.memory = memory;
        this.scope = new Scope(name);
        this.betweenJobs = betweenJobs;
    }

    /// A tensor of zeros that lives until this owner is closed.
    ///
    /// @throws org.panamask.backend.DeviceMemoryException if there is no memory for it
    /// @throws IllegalStateException if this owner is closed
    public synchronized Tensor make(Shape shape, DType dtype) {
        long bytes = shape.count() * dtype.bytes();
        Block block = take(Math.max(1, bytes), shape + " " + dtype);
        return Tensor.of(shape, dtype, block.slice(0, bytes), scope);
    }

    private Block take(long bytes, String purpose) {
        if (!scope.isOpen()) {
            throw new IllegalStateException(name() + " is closed");
        }
        Block block = memory.take(name(), bytes, purpose);
        blocks.add(block);
        memory.space().clear(block);
        return block;
    }

    /// Whether its bytes are parts of `other`.
    boolean isPartOf(BackendMemory other) {
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
        return blocks.stream().mapToLong(Block::bytes).sum();
    }

    /// Refuses its tensors from now on, and gives their memory back when no job can be reading it: outside of a job
    /// it waits for those submitted before.
    @Override
    public void close() {
        scope.close();
        betweenJobs.accept(this::giveBack);
    }

    private synchronized void giveBack() {
        blocks.forEach(block -> memory.give(name(), block));
        blocks.clear();
    }
}
