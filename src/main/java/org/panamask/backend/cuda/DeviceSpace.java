package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.panamask.backend.BackendException;
import org.panamask.backend.memory.Block;
import org.panamask.backend.memory.Space;
import org.panamask.ffi.cuda.CudaContext;
import org.panamask.ffi.cuda.CudaException;
import org.panamask.ffi.cuda.DeviceMemory;

/// The memory of a GPU. Its segments have length zero: only their addresses mean something, and only to the device.
final class DeviceSpace implements Space {
    /// What matrix products and vector loads want.
    static final int ALIGNMENT = 256;
    private static final double GIBIBYTE = 0x1p30;

    private final List<CudaException> refusals = new ArrayList<>();
    private @Nullable CudaContext context;
    private @Nullable CudaDevice device;

    private record DeviceBlock(DeviceMemory memory) implements Block {
        @Override
        public long bytes() {
            return memory.bytes();
        }

        @Override
        public MemorySegment slice(long offset, long bytes) {
            return memory.slice(offset, bytes);
        }
    }

    /// Gives memory of `opened` from now on.
    void attach(CudaContext opened) {
        context = opened;
    }

    /// Clears and moves through the queue of `started` from now on.
    void attach(CudaDevice started) {
        device = started;
    }

    @Override
    public int alignment() {
        return ALIGNMENT;
    }

    @Override
    public Block take(long bytes) {
        CudaContext present = context;
        if (present == null) {
            throw new BackendException("backend cuda: there is no device yet");
        }
        try {
            return new DeviceBlock(DeviceMemory.take(present, bytes));
        } catch (CudaException failure) {
            if (!failure.isOutOfMemory()) {
                throw failure;
            }
        }
        return takeAgain(present, bytes);
    }

    /// Graphs take memory of the device too, and can be made again.
    private Block takeAgain(CudaContext present, long bytes) {
        CudaDevice started = device;
        if (started != null) {
            started.forgetGraphs();
        }
        try {
            return new DeviceBlock(DeviceMemory.take(present, bytes));
        } catch (CudaException failure) {
            if (!failure.isOutOfMemory()) {
                throw failure;
            }
            CudaContext.Memory memory = present.memory();
            OutOfMemoryError exhausted = new OutOfMemoryError(String.format(
                    Locale.ROOT,
                    "the device has %.2f of %.2f GiB left",
                    memory.freeBytes() / GIBIBYTE,
                    memory.totalBytes() / GIBIBYTE));
            exhausted.initCause(failure);
            throw exhausted;
        }
    }

    /// Gives memory back when nothing enqueued can be using it any more. What the driver says against it is kept
    /// for [#settle], so that everything else is given back too.
    @Override
    public void give(Block block) {
        DeviceMemory memory = ((DeviceBlock) block).memory();
        CudaDevice started = device;
        try (memory) {
            if (started != null && !memory.status().isLost()) {
                started.queue().drain();
            }
        } catch (CudaException refusal) {
            refusals.add(refusal);
        }
    }

    @Override
    public void clear(Block block) {
        started().queue().add(new Command.Clear(block.slice(0, 0).address(), block.bytes()));
    }

    @Override
    public void move(MemorySegment from, MemorySegment to, long bytes) {
        started().mover().move(from.address(), to.address(), bytes);
    }

    private CudaDevice started() {
        CudaDevice present = device;
        if (present == null) {
            throw new BackendException("backend cuda: there is no device yet");
        }
        return present;
    }

    /// Says what the driver said while memory was given back, if it said anything.
    ///
    /// @throws CudaException the first refusal
    void settle() {
        if (!refusals.isEmpty()) {
            CudaException first = refusals.getFirst();
            refusals.clear();
            throw first;
        }
    }
}
