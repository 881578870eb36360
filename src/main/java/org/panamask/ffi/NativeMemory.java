package org.panamask.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// The C library's aligned memory, which the JVM's bound on direct memory does not count.
public final class NativeMemory {
    private static final FunctionDescriptor TAKE =
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
    private static final FunctionDescriptor GIVE = FunctionDescriptor.ofVoid(ValueLayout.ADDRESS);
    private static final FunctionDescriptor ADVISE = FunctionDescriptor.of(
            ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);

    /// The size of a large page; blocks of at least two are put on such pages where the system has them.
    private static final long LARGE_PAGE = 2 << 20;

    /// Linux' `MADV_HUGEPAGE`.
    private static final int LARGE_PAGES = 14;

    private final MethodHandle take;
    private final MethodHandle give;
    private final Optional<MethodHandle> advise;
    private final boolean sizeFirst;
    private final long alignment;

    private NativeMemory(Linker linker, boolean standard, long alignment) {
        SymbolLookup library = linker.defaultLookup();
        this.take = linker.downcallHandle(library.findOrThrow(standard ? "aligned_alloc" : "_aligned_malloc"), TAKE);
        this.give = linker.downcallHandle(library.findOrThrow(standard ? "free" : "_aligned_free"), GIVE);
        this.advise = System.getProperty("os.name").equals("Linux")
                ? library.find("madvise").map(function -> linker.downcallHandle(function, ADVISE))
                : Optional.empty();
        this.sizeFirst = !standard;
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
            return new NativeMemory(linker, standard, alignment);
        } catch (IllegalCallerException refused) {
            throw new NativeAccessException(refused);
        }
    }

    /// Memory of `bytes` bytes with undefined contents.
    ///
    /// @throws OutOfMemoryError if there is none
    public MemorySegment take(long bytes) {
        long start = bytes >= 2 * LARGE_PAGE ? Math.max(alignment, LARGE_PAGE) : alignment;
        // aligned_alloc wants a multiple of the alignment.
        long size = (Math.max(bytes, 1) + start - 1) / start * start;
        MemorySegment memory;
        try {
            memory = sizeFirst
                    ? (MemorySegment) take.invokeExact(size, start)
                    : (MemorySegment) take.invokeExact(start, size);
        } catch (Throwable impossible) {
            throw new AssertionError("aligned_alloc throws nothing", impossible);
        }
        if (memory.equals(MemorySegment.NULL)) {
            throw new OutOfMemoryError("the C library has no block of " + bytes + " bytes");
        }
        if (start >= LARGE_PAGE && advise.isPresent()) {
            adviseLargePages(advise.get(), memory, size);
        }
        return memory.reinterpret(bytes);
    }

    /// Only advice: where it is refused, the block lies on ordinary pages.
    private static void adviseLargePages(MethodHandle advise, MemorySegment memory, long size) {
        try {
            int _ = (int) advise.invokeExact(memory, size, LARGE_PAGES);
        } catch (Throwable impossible) {
            throw new AssertionError("madvise throws nothing", impossible);
        }
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
