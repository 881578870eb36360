package org.panamask.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// The threads oneDNN computes with. OpenMP keeps a team of them for every thread that calls it, so one thread should
/// make all calls.
public final class OpenMp {
    private static final FunctionDescriptor SET = FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT);
    private static final FunctionDescriptor QUERY = FunctionDescriptor.of(ValueLayout.JAVA_INT);
    private static final FunctionDescriptor SET_VARIABLE = FunctionDescriptor.of(
            ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);

    private OpenMp() {}

    /// Has idle OpenMP threads sleep at once instead of spinning, which would take processor time from Java's threads.
    /// Variables the user has set stay as they are. Only works before oneDNN is loaded, and only where the C library has
    /// `setenv`; elsewhere it does nothing.
    ///
    /// @throws NativeAccessException if native access is refused
    public static void sleepWhenIdle() {
        if (System.getenv("OMP_WAIT_POLICY") != null || System.getenv("GOMP_SPINCOUNT") != null) {
            return;
        }
        Linker linker = Linker.nativeLinker();
        linker.defaultLookup().find("setenv").ifPresent(function -> {
            try (Arena frame = Arena.ofConfined()) {
                MemorySegment name = frame.allocateFrom("OMP_WAIT_POLICY");
                MemorySegment value = frame.allocateFrom("PASSIVE");
                linker.downcallHandle(function, SET_VARIABLE).invokeWithArguments(List.of(name, value, 1));
            } catch (IllegalCallerException refused) {
                throw new NativeAccessException(refused);
            } catch (Throwable impossible) {
                throw new AssertionError("setenv throws nothing", impossible);
            }
        });
    }

    /// Has primitives made and executed by the calling thread use `threads` threads.
    public static void useThreads(int threads) {
        NativeLibraries.loadDnnl();
        call("omp_set_num_threads", SET, List.of(threads));
    }

    /// The number of threads for primitives of the calling thread.
    public static int threads() {
        NativeLibraries.loadDnnl();
        return (Integer) call("omp_get_max_threads", QUERY, List.of());
    }

    private static Object call(String name, FunctionDescriptor type, List<?> arguments) {
        MemorySegment function = SymbolLookup.loaderLookup().findOrThrow(name);
        try {
            return Linker.nativeLinker().downcallHandle(function, type).invokeWithArguments(arguments);
        } catch (Throwable impossible) {
            throw new AssertionError(name + " throws nothing", impossible);
        }
    }
}
