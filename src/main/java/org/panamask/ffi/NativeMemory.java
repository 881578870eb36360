package org.panamask.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The C library's aligned memory, which the JVM's bound on direct memory does not count.
public final class NativeMemory {
    private static final FunctionDescriptor TAKE =
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
    private static final FunctionDescriptor GIVE = FunctionDescriptor.ofVoid(ValueLayout.ADDRESS);

    private final MethodHandle take;
    private final MethodHandle give;
    private final boolean sizeFirst;
    private final long alignment;

    private NativeMemory(MethodHandle take, MethodHandle give, boolean sizeFirst, long alignment) {
        this.take = take;
        this.give = give;
        this.sizeFirst = sizeFirst;
        this.alignment = alignment;
    }

    /// Finds the functions of the C library; blocks will start at multiples of `alignment`, a power of two.
    ///
    /// @throws NativeAccessException if native access is refused
    public static NativeMemory create(long alignment) {
        Linker linker = Linker.nativeLinker();
        // Windows' C library has functions of its own, with the arguments the other way round.
        boolean standard = linker.defaultLookup().find("aligned_alloc").isPresent();
        try {
            return new NativeMemory(
                    linker.downcallHandle(
                            linker.defaultLookup().findOrThrow(standard ? "aligned_alloc" : "_aligned_malloc"), TAKE),
                    linker.downcallHandle(
                            linker.defaultLookup().findOrThrow(standard ? "free" : "_aligned_free"), GIVE),
                    !standard,
                    alignment);
        } catch (IllegalCallerException refused) {
            throw new NativeAccessException(refused);
        }
    }

    /// Memory of `bytes` bytes with undefined contents.
    ///
    /// @throws OutOfMemoryError if there is none
    public MemorySegment take(long bytes) {
        // aligned_alloc wants a multiple of the alignment.
        long size = (Math.max(bytes, 1) + alignment - 1) / alignment * alignment;
        MemorySegment memory;
        try {
            memory = sizeFirst
                    ? (MemorySegment) take.invokeExact(size, alignment)
                    : (MemorySegment) take.invokeExact(alignment, size);
        } catch (Throwable impossible) {
            throw new AssertionError("aligned_alloc throws nothing", impossible);
        }
        if (memory.equals(MemorySegment.NULL)) {
            throw new OutOfMemoryError("the C library has no block of " + bytes + " bytes");
        }
        return memory.reinterpret(bytes);
    }

    /// Gives back what [#take] returned.
    public void give(MemorySegment memory) {
        try {
            give.invokeExact(memory);
        } catch (Throwable impossible) {
            throw new AssertionError("free throws nothing", impossible);
        }
    }
}
