package org.panamask.backend.memory;

import java.lang.foreign.MemorySegment;
import org.panamask.tensor.JobArena;

/// Scratch memory of a job's arena, given back on close: what is issued later may use it again. Results are made before
/// it is opened.
public final class Frame implements AutoCloseable {
    private final TwoEndedArena arena;
    private final JobArena.Mark mark;

    /// Opens a frame on the end that results of `arena` come from.
    public Frame(TwoEndedArena arena) {
        this.arena = arena;
        this.mark = arena.mark(arena.end());
    }

    /// Memory with undefined contents, on the device; where the host cannot read it, a segment of length zero.
    public MemorySegment take(long bytes) {
        return arena.scratch(bytes);
    }

    @Override
    public void close() {
        arena.release(mark);
    }
}
