package org.panamask.backend.cuda;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.panamask.ffi.cuda.CudaException;
import org.panamask.ffi.cuda.CudaGraph;
import org.panamask.ffi.cuda.CudaStream;

/// Runs lists of commands. One that comes for the first time is issued command by command, which also loads whatever
/// its kernels need; one that comes again is captured into a graph, and from then on replayed with a single call. The
/// lists used least recently are forgotten.
final class GraphCache implements AutoCloseable {
    /// A shorter list gains nothing.
    private static final int SHORTEST = 8;

    private final int mostCommands;
    private final Map<Commands, Entry> entries = new LinkedHashMap<>(64, 0.75f, true);
    private final AtomicLong launches = new AtomicLong();
    private final AtomicLong captures = new AtomicLong();
    private final AtomicLong replays = new AtomicLong();
    private int held;

    /// Keeps lists of at most `mostCommands` commands together.
    GraphCache(int mostCommands) {
        this.mostCommands = mostCommands;
    }

    /// What ran so far.
    ///
    /// @param launches commands that were issued by themselves
    /// @param captures graphs that were made
    /// @param replays lists that ran as a graph
    record Counts(long launches, long captures, long replays) {}

    /// A list as a key: its hash is computed once.
    private record Commands(List<Command> list, int hash) {
        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Commands that && hash == that.hash && list.equals(that.list);
        }
    }

    private static final class Entry {
        private @Nullable CudaGraph graph;
    }

    Counts counts() {
        return new Counts(launches.get(), captures.get(), replays.get());
    }

    /// Enqueues `commands` on `stream`.
    void run(List<Command> commands, CudaStream stream) {
        if (commands.size() < SHORTEST) {
            issue(commands, stream);
            return;
        }
        Commands key = new Commands(List.copyOf(commands), commands.hashCode());
        Entry entry = entries.get(key);
        if (entry == null) {
            issue(commands, stream);
            remember(key);
            return;
        }
        CudaGraph graph = entry.graph;
        if (graph == null) {
            graph = capture(commands, stream);
            entry.graph = graph;
        }
        graph.launch(stream);
        replays.incrementAndGet();
    }

    /// Enqueues `commands` one by one.
    void issue(List<Command> commands, CudaStream stream) {
        for (Command command : commands) {
            command.issue(stream);
        }
        launches.addAndGet(commands.size());
    }

    private CudaGraph capture(List<Command> commands, CudaStream stream) {
        stream.beginCapture();
        try {
            for (Command command : commands) {
                command.issue(stream);
            }
            CudaGraph graph = stream.endCapture();
            captures.incrementAndGet();
            return graph;
        } catch (RuntimeException failure) {
            abandon(stream, failure);
            throw failure;
        }
    }

    private static void abandon(CudaStream stream, RuntimeException failure) {
        try {
            stream.abandonCapture();
        } catch (CudaException second) {
            failure.addSuppressed(second);
        }
    }

    private void remember(Commands key) {
        entries.put(key, new Entry());
        held += key.list().size();
        Closing old = new Closing();
        Iterator<Map.Entry<Commands, Entry>> oldest = entries.entrySet().iterator();
        while (held > mostCommands && entries.size() > 1 && oldest.hasNext()) {
            Map.Entry<Commands, Entry> entry = oldest.next();
            held -= entry.getKey().list().size();
            CudaGraph graph = entry.getValue().graph;
            if (graph != null) {
                old.add(graph);
            }
            oldest.remove();
        }
        old.close();
    }

    /// Forgets every list.
    @Override
    public void close() {
        Closing closing = new Closing();
        for (Entry entry : entries.values()) {
            CudaGraph graph = entry.graph;
            if (graph != null) {
                closing.add(graph);
            }
        }
        entries.clear();
        held = 0;
        closing.close();
    }
}
