package org.panamask.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The threads oneDNN computes with. OpenMP keeps a team of them for every thread that calls it, so one thread should
/// make all calls.
public final class OpenMp {
    // Measured on two shared cores of an EPYC 7003, undisturbed runs only: after a matmul, two Java threads took 1.8
    // times as long at libgomp's default and no longer at 1,000. A 64^3 matmul straight after another took 20 us at 0
    // and 6 us at 1,000 as at the default; after 300 us of Java, waking costs about 60 us at 1,000, 15 at the default.
    private static final String SPINS = "1000";

    private static final FunctionDescriptor SET = FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT);
    private static final FunctionDescriptor QUERY = FunctionDescriptor.of(ValueLayout.JAVA_INT);
    private static final FunctionDescriptor SET_VARIABLE =
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);

    private OpenMp() {}

    /// Has idle OpenMP threads spin for tens of microseconds, long enough for the next primitive of a chain. By
    /// default they spin for milliseconds, which takes processor time from Java's threads and, on a busy machine,
    /// makes a primitive of 5 microseconds last milliseconds. Variables the user has set stay as they are. Only
    /// works before libgomp is loaded.
    static void spinBriefly() {
        if (System.getenv("OMP_WAIT_POLICY") != null || System.getenv("GOMP_SPINCOUNT") != null) {
            return;
        }
        Linker linker = Linker.nativeLinker();
        linker.defaultLookup().find("setenv").ifPresent(function -> {
            try (Arena frame = Arena.ofConfined()) {
                MemorySegment name = frame.allocateFrom("GOMP_SPINCOUNT");
                MemorySegment value = frame.allocateFrom(SPINS);
                int status = (int) linker.downcallHandle(function, SET_VARIABLE).invokeExact(name, value, 1);
                if (status != 0) {
                    throw new AssertionError("setenv refused GOMP_SPINCOUNT with status " + status);
                }
            } catch (IllegalCallerException refused) {
                throw new NativeAccessException(refused);
            } catch (RuntimeException | Error failure) {
                throw failure;
            } catch (Throwable impossible) {
                throw new AssertionError("setenv throws nothing", impossible);
            }
        });
    }

    /// Has primitives made and executed by the calling thread use `threads` threads.
    public static void useThreads(int threads) {
        NativeLibraries.loadDnnl();
        try {
            handle("omp_set_num_threads", SET).invokeExact(threads);
        } catch (Throwable impossible) {
            throw new AssertionError("omp_set_num_threads throws nothing", impossible);
        }
    }

    /// The number of threads for primitives of the calling thread.
    public static int threads() {
        NativeLibraries.loadDnnl();
        try {
            return (int) handle("omp_get_max_threads", QUERY).invokeExact();
        } catch (Throwable impossible) {
            throw new AssertionError("omp_get_max_threads throws nothing", impossible);
        }
    }

    private static MethodHandle handle(String name, FunctionDescriptor type) {
        MemorySegment function = SymbolLookup.loaderLookup().findOrThrow(name);
        return Linker.nativeLinker().downcallHandle(function, type);
    }
}
