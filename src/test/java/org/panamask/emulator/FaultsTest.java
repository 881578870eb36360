package org.panamask.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.panamask.bindings.cuda.Cuda;
import org.panamask.ffi.CudaLibraries;
import org.panamask.ffi.CudaLibrary;

class FaultsTest {
    private static final int OUT_OF_MEMORY = 2;
    private static final int LAUNCH_FAILED = 719;

    @BeforeEach
    void load() {
        Emulator.folder();
        assertThat(CudaLibraries.load(CudaLibrary.CUDA).loaded()).isTrue();
        assertThat(Cuda.cuInit(0)).isZero();
    }

    @AfterEach
    void forget() {
        Faults.reset();
        Faults.recover();
    }

    @Test
    void theChosenCallFailsAndTheNextOneWorks() {
        Faults.fail("cuDeviceGetCount", 2, OUT_OF_MEMORY);

        assertThat(devices()).isZero();
        assertThat(Faults.failed()).isEmpty();
        assertThat(devices()).isEqualTo(OUT_OF_MEMORY);
        assertThat(Faults.failed()).isEqualTo("cuDeviceGetCount");
        assertThat(devices()).isZero();
    }

    @Test
    void callsAreCountedByLibraryAndByFunction() {
        Faults.reset();
        devices();
        devices();

        assertThat(Faults.calls("cuda")).isEqualTo(2);
        assertThat(Faults.calls("cuInit")).isZero();
        assertThat(Faults.trace()).containsEntry("cuDeviceGetCount", 2L).containsEntry("cuda", 2L);
    }

    @Test
    void aFatalFailureStaysUntilRecovery() {
        Faults.fail("cuda", 1, LAUNCH_FAILED);

        assertThat(devices()).isEqualTo(LAUNCH_FAILED);
        assertThat(devices()).isEqualTo(LAUNCH_FAILED);
        Faults.recover();
        assertThat(devices()).isZero();
    }

    @Test
    void aCancelledFailureNeverComes() {
        Faults.fail("cuda", 1, LAUNCH_FAILED);
        Faults.cancel("cuda");

        assertThat(devices()).isZero();
    }

    @Test
    void countersAreReadByName() {
        assertThat(Emulator.counter("bytes")).isNotNegative();
        assertThat(Emulator.counter("peakBytes")).isGreaterThanOrEqualTo(Emulator.counter("bytes"));
    }

    private static int devices() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(Integer.BYTES);
            return Cuda.cuDeviceGetCount(count);
        }
    }
}
