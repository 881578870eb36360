package org.panamask.emulator;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// The CPU emulator of CUDA, as tests see it.
public final class Emulator {
    static final String FOLDER = "panamask.emulator.folder";
    static final String ABSENT = "panamask.emulator.absent";

    private Emulator() {}

    /// Skips the calling test, and says why, where there is nothing that computes as a GPU: neither the emulator,
    /// which is started if its listener was not asked (tests that lie in a module offer no services), nor the
    /// machine's own libraries in its place.
    public static void require() {
        EmulatorListener.start();
        Assumptions.assumeTrue(System.getProperty(FOLDER) != null || EmulatorListener.replaced(), Emulator::absence);
    }

    private static String absence() {
        return "no emulator: " + System.getProperty(ABSENT, "its listener did not run");
    }

    /// Where its libraries are; skips the calling test, which is about the emulator itself, where there is none.
    public static Path folder() {
        EmulatorListener.start();
        Assumptions.assumeTrue(System.getProperty(FOLDER) != null, Emulator::absence);
        return Path.of(System.getProperty(FOLDER));
    }

    /// A count of the stand-in driver, over all devices: `launches`, `threads` and `switches` of kernels, `bytes`
    /// and `allocations` now live, `peakBytes`, `allocationCalls`, `pinnedBytes`, `pinned`, `streams`, `events`,
    /// `modules`, `graphs` (executable ones too), `graphLaunches`, and `waits` of the host.
    public static long counter(String name) {
        long value = (long) new Surface().call("pmkEmuCounter", FunctionDescriptor.of(JAVA_LONG, ADDRESS), name);
        if (value == -1) {
            throw new IllegalArgumentException("the emulator has no counter " + name);
        }
        return value;
    }

    /// Makes `peakBytes` what is in use now.
    public static void resetPeak() {
        new Surface().call("pmkEmuResetPeak", FunctionDescriptor.ofVoid());
    }

    /// The bytes that each device has from now on; 0 for as many as at the start.
    public static void memory(long bytes) {
        new Surface().call("pmkEmuMemory", FunctionDescriptor.ofVoid(JAVA_LONG), bytes);
    }

    /// The order in which warps run from now on, and how many threads of the machine run them.
    ///
    /// @param seed 0: the lowest warp as far as it can; 1: the highest; others: random priorities
    public static void schedule(int seed, int threads) {
        new Surface().call("pmkEmuSchedule", FunctionDescriptor.ofVoid(JAVA_INT, JAVA_INT), seed, threads);
    }

    /// Whether work runs at once from now on, and not only when something waits for it.
    public static void eager(boolean eager) {
        new Surface().call("pmkEmuEager", FunctionDescriptor.ofVoid(JAVA_INT), eager ? 1 : 0);
    }
}
