package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.panamask.backend.BackendException;
import org.panamask.backend.DeviceMemoryException;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Faults;
import org.panamask.ffi.NativeException;
import org.panamask.launch.RankException;

/// Lets a chosen call of a library fail in the middle of some work, and looks at what is said and left.
///
/// @param library whose calls fail
/// @param code what the failing one returns
/// @param name what the message calls that code
record Disturbance(String library, int code, String name) {
    static final Disturbance DRIVER = new Disturbance("cuda", 1, "CUDA_ERROR_INVALID_VALUE");
    static final Disturbance MEMORY = new Disturbance("memory", 2, "CUDA_ERROR_OUT_OF_MEMORY");
    static final Disturbance COMPILER = new Disturbance("nvrtc", 11, "NVRTC_ERROR_INTERNAL_ERROR");
    static final Disturbance PRODUCTS = new Disturbance("cublaslt", 14, "CUBLAS_STATUS_INTERNAL_ERROR");

    /// What may fail and is only spoken of at the end: giving back, and waiting before that.
    private static final List<String> GIVING_BACK =
            List.of("cuMemFree_v2", "cuStreamSynchronize", "cuMemFreeHost", "cuEventDestroy_v2", "cuStreamDestroy_v2");

    private static final List<String> COUNTERS =
            List.of("bytes", "allocations", "pinnedBytes", "pinned", "streams", "events", "modules", "graphs");

    /// What came of one failing call.
    ///
    /// @param thrown what the work threw
    /// @param function whose call failed; empty if the work makes fewer calls
    record Outcome(Optional<RuntimeException> thrown, String function) {
        boolean failed() {
            return !function.isEmpty();
        }
    }

    /// The objects that the emulated driver has now.
    static Map<String, Long> live() {
        Map<String, Long> live = new TreeMap<>();
        COUNTERS.forEach(counter -> live.put(counter, Emulator.counter(counter)));
        return live;
    }

    /// Runs `work` while call number `call` from now fails.
    Outcome on(long call, Runnable work) {
        Faults.reset();
        Faults.fail(library, call, code);
        try {
            work.run();
            return new Outcome(Optional.empty(), Faults.failed());
        } catch (RuntimeException failure) {
            if (Faults.failed().isEmpty()) {
                throw failure;
            }
            return new Outcome(Optional.of(failure), Faults.failed());
        } finally {
            Faults.cancel(library);
        }
    }

    /// Holds `outcome` to the rule that the work says which call failed with which code, unless the call gives
    /// something back, or is one that is made again.
    void expect(Outcome outcome, String where, FaultCount count) {
        if (outcome.thrown().isPresent()) {
            RuntimeException failure = outcome.thrown().get();
            assertThat(failure)
                    .as(where)
                    .isInstanceOfAny(
                            NativeException.class,
                            BackendException.class,
                            DeviceMemoryException.class,
                            RankException.class)
                    .hasMessageContaining(said(outcome.function()))
                    .hasMessageContaining(isForeign(outcome.function()) ? "false" : name);
            count.said(failure);
        } else if (equals(MEMORY)) {
            count.repeated();
        } else {
            assertThat(outcome.function()).as(where).isIn(GIVING_BACK);
            count.late();
        }
    }

    /// A FlashAttention library calls the driver by itself and only says that it failed.
    private static boolean isForeign(String function) {
        return function.equals("cuLaunchHostFunc");
    }

    private static String said(String function) {
        return isForeign(function) ? "flash_attn_" : function;
    }

    /// Closes `backend`, which may only complain of what was given back, and holds it to owing nothing.
    ///
    /// @return whether it complained
    boolean close(CudaBackend backend) {
        boolean complained = false;
        try {
            backend.close();
        } catch (RuntimeException failure) {
            assertThat(failure).hasMessageContaining(name);
            complained = true;
        }
        assertThat(backend.ledger().owners()).isEmpty();
        assertThat(backend.ledger().total()).isZero();
        assertThat(backend.objects().byKind()).isEmpty();
        return complained;
    }

    /// Lets every call of `work` on a backend of its own fail, one after another. Each time the same backend then
    /// does it, and the emulated driver has what it had before once the backend is closed.
    void everyCallOfTheFirst(DisturbedWork work, FaultCount count) {
        List<double[]> expected = work.undisturbed();
        for (long call = 1; ; call++) {
            Map<String, Long> before = live();
            CudaBackend backend = work.open();
            Outcome outcome = on(call, () -> work.on(backend));
            if (!outcome.failed()) {
                backend.close();
                return;
            }
            String where = library + " call " + call + ": " + outcome.function();
            expect(outcome, where, count);
            same(work.on(backend), expected, where);
            boolean late = outcome.thrown().isEmpty() && !equals(MEMORY);
            assertThat(close(backend)).as(where).isEqualTo(late);
            boolean kept = outcome.function().contains("Destroy");
            if (!late && !kept) {
                assertThat(live()).as(where).isEqualTo(before);
            }
        }
    }

    /// Lets every call of `request` to `backend`, which has served it before, fail, one after another. Each time it
    /// then gives `expected`, and no more is held than before.
    void everyCallOfTheNext(
            CudaBackend backend, Supplier<List<double[]>> request, List<double[]> expected, FaultCount count) {
        Map<String, Long> held = Map.of();
        for (long call = 1; ; call++) {
            Outcome outcome = on(call, () -> {
                List<double[]> _ = request.get();
            });
            if (!outcome.failed()) {
                return;
            }
            String where = library + " call " + call + ": " + outcome.function();
            expect(outcome, where, count);
            same(request.get(), expected, where);
            if (call > 1) {
                assertThat(backend.ledger().owners()).as(where).isEqualTo(held);
            }
            held = backend.ledger().owners();
        }
    }

    static void same(List<double[]> actual, List<double[]> expected, String what) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i)).as("%s, result %d", what, i).isEqualTo(expected.get(i));
        }
    }
}
