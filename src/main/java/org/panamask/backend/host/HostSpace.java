package org.panamask.backend.host;

import java.lang.foreign.MemorySegment;
import org.panamask.backend.memory.Block;
import org.panamask.backend.memory.Space;

/// Host memory, taken from and given back to `source`.
///
/// @param source where the bytes come from
public record HostSpace(Source source) implements Space {
    /// Elements start at multiples of this many bytes: a cache line, and the widest vector register.
    public static final int ALIGNMENT = 64;

    /// Where the bytes come from.
    public interface Source {
        /// Memory of `bytes` bytes, aligned to [#ALIGNMENT], with undefined contents.
        ///
        /// @throws OutOfMemoryError if there is none
        MemorySegment take(long bytes);

        /// Gives back what [#take] returned.
        void give(MemorySegment memory);
    }

    private record HostBlock(MemorySegment memory) implements Block {
        @Override
        public long bytes() {
            return memory.byteSize();
        }

        @Override
        public MemorySegment slice(long offset, long bytes) {
            return memory.asSlice(offset, bytes);
        }
    }

    @Override
    public int alignment() {
        return ALIGNMENT;
    }

    @Override
    public Block take(long bytes) {
        return new HostBlock(source.take(bytes));
    }

    @Override
    public void give(Block block) {
        source.give(whole(block));
    }

    @Override
    public void clear(Block block) {
        whole(block).fill((byte) 0);
    }

    @Override
    public void move(MemorySegment from, MemorySegment to, long bytes) {
        MemorySegment.copy(from, 0, to, 0, bytes);
    }

    private static MemorySegment whole(Block block) {
        return block.slice(0, block.bytes());
    }
}
