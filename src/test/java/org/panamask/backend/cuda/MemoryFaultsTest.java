package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.panamask.backend.DeviceMemoryException;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Faults;

/// A device without memory left: the message says who has it and what to change, and smaller requests go on.
class MemoryFaultsTest {
    private static final DisturbedWork STEP = new DisturbedWork("micro-step", CudaFixture.GRAPHS, MicroStep::whole);
    private static final String ADVICE = "lower train.micro_batch or data.max_tokens, or set train.recompute to true";
    private static final int LIMITS = 12;

    @BeforeEach
    void require() {
        Emulator.require();
        Faults.reset();
    }

    @AfterEach
    void forget() {
        Emulator.memory(0);
        Faults.reset();
        Faults.recover();
    }

    /// The bytes that the device has in use after a start, and at most in a step.
    private record Use(long start, long most) {}

    private static Use use() {
        try (CudaBackend backend = CudaFixture.open()) {
            long start = Emulator.counter("bytes");
            Emulator.resetPeak();
            MicroStep.whole(backend);
            return new Use(start, Emulator.counter("peakBytes"));
        }
    }

    private static Optional<DeviceMemoryException> refusal(CudaBackend backend) {
        try {
            MicroStep.whole(backend);
            return Optional.empty();
        } catch (DeviceMemoryException refused) {
            return Optional.of(refused);
        }
    }

    @Test
    void whereverAStepRunsOutOfMemoryItSaysWhoHasItAndWhatToChange() {
        List<double[]> expected = STEP.undisturbed();
        Use use = use();
        FaultCount count = new FaultCount("micro-step, device too small");
        for (int i = 0; i < LIMITS; i++) {
            CudaBackend backend = CudaFixture.open();
            Emulator.memory(use.start() + (use.most() - use.start()) * i / LIMITS);
            Optional<DeviceMemoryException> refusal = refusal(backend);
            assertThat(refusal).isPresent();
            assertThat(refusal.orElseThrow())
                    .hasMessageMatching(
                            "out of memory: asked [0-9.]+ .iB for .+ in use \\(cuda [0-9.]+ MiB.*\\) and the"
                                    + " device has [0-9.]+ of [0-9.]+ GiB left; " + ADVICE);
            count.said(refusal.orElseThrow());
            Emulator.memory(0);
            Disturbance.same(STEP.on(backend), expected, "limit " + i);
            assertThat(Disturbance.DRIVER.close(backend)).isFalse();
        }
        count.keep();
    }

    @Test
    void aDeviceThatIsTooSmallForTheStartIsRefusedWithWhatIsTaken() {
        long before = Emulator.counter("bytes");
        Emulator.memory(before + (16 << 20));
        assertThatExceptionOfType(DeviceMemoryException.class)
                .isThrownBy(CudaFixture::open)
                .withMessageContaining("out of memory: asked 32.00 MiB for the workspace of products")
                .withMessageContaining("in use (cuda 1.00 MiB)");
        assertThat(Emulator.counter("bytes")).isEqualTo(before);
    }

    /// The driver and the libraries need memory for themselves: kernels, graphs, plans.
    @Test
    void whateverFunctionFindsNoMemoryItsMessageSaysWhoHasIt() {
        DisturbedWork passes = new DisturbedWork("passes", CudaFixture.GRAPHS, DenoisingPass::whole);
        List<double[]> expected = passes.undisturbed();
        Set<String> functions = new TreeSet<>(Faults.trace().keySet());
        functions.removeIf(name -> !name.matches("(cu|cublasLt)[A-Z].*"));
        FaultCount count = new FaultCount("denoising passes, no memory for the driver or a library");
        for (String function : functions) {
            boolean library = function.startsWith("cublasLt");
            Disturbance fault = new Disturbance(
                    function, library ? 3 : 2, library ? "CUBLAS_STATUS_ALLOC_FAILED" : "CUDA_ERROR_OUT_OF_MEMORY");
            CudaBackend backend = CudaFixture.open();
            Disturbance.Outcome outcome = fault.on(1, () -> passes.on(backend));
            outcome.thrown().ifPresent(failure -> {
                assertThat(failure)
                        .as(function)
                        .isInstanceOf(DeviceMemoryException.class)
                        .hasMessageContaining(function)
                        .hasMessageContaining(fault.name())
                        .hasMessageContaining("in use (")
                        .hasMessageContaining("cuda ")
                        .hasMessageEndingWith(ADVICE);
                count.said(failure);
            });
            Disturbance.same(passes.on(backend), expected, function);
            fault.close(backend);
        }
        assertThat(count.failed()).isGreaterThan(15);
        count.keep();
    }
}
