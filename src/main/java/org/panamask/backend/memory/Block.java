package org.panamask.backend.memory;

import java.lang.foreign.MemorySegment;

/// One piece of memory that a [Space] gave.
public interface Block {
    /// Its size.
    long bytes();

    /// `bytes` bytes from `offset` on: host memory, or a segment of length zero whose address is the device's.
    MemorySegment slice(long offset, long bytes);
}
