package org.panamask.backend.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/// Native memory through the JDK's own arenas: no native access is needed, but the JVM's bound on direct memory
/// applies.
public final class JavaMemory implements HostSpace.Source {
    private final Map<Long, Arena> arenas = new HashMap<>();

    @Override
    public synchronized MemorySegment take(long bytes) {
        Arena arena = Arena.ofShared();
        try {
            MemorySegment memory = arena.allocate(bytes, HostSpace.ALIGNMENT);
            arenas.put(memory.address(), arena);
            return memory;
        } catch (OutOfMemoryError exhausted) {
            arena.close();
            throw exhausted;
        }
    }

    @Override
    public synchronized void give(MemorySegment memory) {
        Arena arena = arenas.remove(memory.address());
        if (arena != null) {
            arena.close();
        }
    }
}
