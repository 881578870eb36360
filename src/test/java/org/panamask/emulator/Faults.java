package org.panamask.emulator;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.util.SortedMap;
import java.util.TreeMap;

/// Makes calls to the stand-in libraries fail, and counts them.
///
/// Where a call is made is named by its library, one of `cuda`, `memory`, `nvrtc`, `cublaslt`, `cublas` and `nccl`, or
/// by its function, `cuMemAlloc_v2` for one. `memory` are the driver's calls that allocate; they count as `cuda` too.
/// Texts of errors and versions of libraries are no calls.
public final class Faults {
    private static final FunctionDescriptor FAIL = FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_INT);
    private static final FunctionDescriptor COUNT = FunctionDescriptor.of(JAVA_LONG, ADDRESS);
    private static final FunctionDescriptor NOTHING = FunctionDescriptor.ofVoid();
    private static final FunctionDescriptor TRACE = FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG);

    private static final int NAME_BYTES = 256;

    private Faults() {}

    /// The call number `call` from now to `where`, 1 for the next, will do nothing and return `code`. A fatal code
    /// of the driver (700, 716, 719) stays until [#recover].
    public static void fail(String where, long call, int code) {
        new Surface().call("pmkEmuFail", FAIL, where, call, code);
    }

    /// Takes back a failure that has not come.
    public static void cancel(String where) {
        fail(where, 0, 0);
    }

    /// The calls to `where` since the start or [#reset].
    public static long calls(String where) {
        return (long) new Surface().call("pmkEmuCalls", COUNT, where);
    }

    /// Forgets every count and every failure that has not come.
    public static void reset() {
        new Surface().call("pmkEmuResetCalls", NOTHING);
    }

    /// Forgets whatever work was queued, and a fatal error with the context that it ended, as only a new process
    /// can on a GPU.
    public static void recover() {
        new Surface().call("pmkEmuRecover", NOTHING);
    }

    /// The function whose call failed last because a test wanted it, since the start or [#reset]; empty if none
    /// has.
    public static String failed() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(NAME_BYTES);
            new Surface().call("pmkEmuFailed", TRACE, text, (long) NAME_BYTES);
            return text.getString(0);
        }
    }

    /// Every library and function called since the start or [#reset], and how often.
    public static SortedMap<String, Long> trace() {
        SortedMap<String, Long> calls = new TreeMap<>();
        try (Arena arena = Arena.ofConfined()) {
            long bytes = 1 + (long) new Surface().call("pmkEmuTrace", TRACE, MemorySegment.NULL, 0L) + 1024;
            MemorySegment text = arena.allocate(bytes);
            new Surface().call("pmkEmuTrace", TRACE, text, bytes);
            text.getString(0).lines().forEach(line -> {
                int space = line.indexOf(' ');
                calls.put(line.substring(0, space), Long.parseLong(line.substring(space + 1)));
            });
        }
        return calls;
    }
}
