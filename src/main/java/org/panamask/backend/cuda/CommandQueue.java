package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.panamask.backend.BackendException;
import org.panamask.backend.Launching;
import org.panamask.ffi.cuda.CudaException;
import org.panamask.ffi.cuda.CudaStream;

/// The work of the compute stream in its order. Commands are collected and enqueued a list at a time: when a list is
/// long enough, when the host reads, and when a job ends.
final class CommandQueue {
    /// The host is ahead of the device by this much; longer lists make the device wait for the first one.
    private static final int LONGEST = 256;

    private final CudaStream stream;
    private final Staging staging;
    private final GraphCache graphs;
    private final Launching launching;
    private final List<Command> commands = new ArrayList<>();
    private @Nullable RuntimeException loss;
    private long losses;

    CommandQueue(CudaStream stream, Staging staging, GraphCache graphs, Launching launching) {
        this.stream = stream;
        this.staging = staging;
        this.graphs = graphs;
        this.launching = launching;
    }

    /// Appends one command.
    void add(Command command) {
        commands.add(command);
        if (commands.size() == LONGEST) {
            flush();
        }
    }

    /// Appends a copy of `bytes` bytes of the host, which `writer` writes, to the address `to`.
    void upload(long bytes, long to, Consumer<MemorySegment> writer) {
        if (bytes == 0) {
            return;
        }
        if (bytes > Staging.BYTES) {
            throw new IllegalArgumentException("upload: at most " + Staging.BYTES + " bytes, but got " + bytes);
        }
        if (!staging.fits(bytes)) {
            flush();
        }
        Staging.Place place = staging.place(bytes);
        writer.accept(place.host());
        add(new Command.Copy(place.address(), to, bytes));
    }

    /// Appends a copy of all of `from`, of any size, to the address `to`.
    void upload(MemorySegment from, long to) {
        if (from.byteSize() <= Staging.BYTES) {
            upload(from.byteSize(), to, place -> place.copyFrom(from));
        } else {
            flush();
            staging.write(stream, from, to);
        }
    }

    /// Fills `to` from the address `from` when everything before has run.
    void read(long from, MemorySegment to) {
        flush();
        staging.read(stream, from, to);
    }

    /// Enqueues what was collected. Once that has failed, nothing of the same job is enqueued any more: it would
    /// read what was never computed.
    void flush() {
        RuntimeException before = loss;
        if (before != null) {
            throw new BackendException("backend cuda: a part of this job was lost: " + before.getMessage(), before);
        }
        if (commands.isEmpty()) {
            return;
        }
        List<Command> list = List.copyOf(commands);
        commands.clear();
        try {
            staging.send(stream);
            switch (launching) {
                case GRAPHS -> graphs.run(list, stream);
                case EAGER -> graphs.issue(list, stream);
                case CHECKED -> check(list);
            }
        } catch (RuntimeException failure) {
            loss = failure;
            losses++;
            throw failure;
        } finally {
            staging.forget();
        }
    }

    private void check(List<Command> list) {
        for (Command command : list) {
            graphs.issue(List.of(command), stream);
            try {
                stream.synchronize();
            } catch (CudaException failure) {
                throw new BackendException("backend cuda: " + command + ": " + failure.getMessage(), failure);
            }
        }
    }

    /// Drops what was collected, and forgets that something was lost: the job has ended.
    void discard() {
        losses += commands.isEmpty() ? 0 : 1;
        loss = null;
        commands.clear();
        staging.forget();
    }

    /// How often commands were lost. What was to be written before may not have been.
    long losses() {
        return losses;
    }

    /// Waits until what was enqueued has run, so that memory can be given back. If what was collected cannot be
    /// enqueued, the job hears of it when it goes on or ends.
    void drain() {
        try {
            flush();
        } catch (RuntimeException failure) {
            // It is kept as the loss.
        }
        stream.synchronize();
    }

    /// Waits until everything has run.
    void finish() {
        flush();
        stream.synchronize();
    }
}
