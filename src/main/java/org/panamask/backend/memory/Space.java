package org.panamask.backend.memory;

import java.lang.foreign.MemorySegment;

/// Memory that a backend computes in. Used on the job thread, but for [#take] and [#give] of owners.
public interface Space {
    /// Blocks, and the tensors in them, start at multiples of this many bytes.
    int alignment();

    /// Aligned memory of `bytes` bytes with undefined contents.
    ///
    /// @throws OutOfMemoryError if there is none
    Block take(long bytes);

    /// Gives back what [#take] returned.
    void give(Block block);

    /// Fills a block with zero bytes.
    void clear(Block block);

    /// Copies `bytes` bytes between segments of this space, which may overlap.
    void move(MemorySegment from, MemorySegment to, long bytes);
}
