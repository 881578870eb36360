package org.panamask.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.memory.TwoEndedArena;
import org.panamask.tensor.JobArena;

/// Scratch memory of the job's arena, given back on close: what is enqueued later may use it again. Results are made
/// before it is opened.
final class Frame implements AutoCloseable {
    private final TwoEndedArena arena;
    private final JobArena.Mark mark;

    Frame(TwoEndedArena arena) {
        this.arena = arena;
        this.mark = arena.mark(arena.end());
    }

    /// Device memory with undefined contents, as a segment of length zero.
    MemorySegment take(long bytes) {
        return arena.scratch(bytes);
    }

    @Override
    public void close() {
        arena.release(mark);
    }
}
