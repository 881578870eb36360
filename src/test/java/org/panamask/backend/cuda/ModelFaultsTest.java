package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.backend.Precision;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Faults;
import org.panamask.ffi.cuda.CudaException;

/// Every call of a micro-step and of a denoising pass fails once.
class ModelFaultsTest {
    private static final Disturbance LOST = new Disturbance("cuda", 719, "CUDA_ERROR_LAUNCH_FAILED");
    private static final DisturbedWork STEP = new DisturbedWork("micro-step", CudaFixture.GRAPHS, MicroStep::whole);
    private static final DisturbedWork PASSES = new DisturbedWork(
            "denoising passes, issued, captured and replayed", CudaFixture.GRAPHS, DenoisingPass::whole);

    @BeforeEach
    void require() {
        Emulator.require();
    }

    @AfterEach
    void forget() {
        Faults.reset();
        Faults.recover();
    }

    static Stream<Disturbance> libraries() {
        return Stream.of(Disturbance.DRIVER, Disturbance.MEMORY, Disturbance.PRODUCTS);
    }

    private static void first(DisturbedWork work, Disturbance fault) {
        FaultCount count = new FaultCount(work.name() + ", cold, " + fault.library());
        fault.everyCallOfTheFirst(work, count);
        assertThat(count.failed()).isGreaterThan(10);
        count.keep();
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void whicheverCallOfAFirstStepFailsTheNextStepWorks(Disturbance fault) {
        first(STEP, fault);
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void whicheverCallOfFirstPassesFailsTheNextOnesWork(Disturbance fault) {
        first(PASSES, fault);
    }

    private static void later(
            Disturbance fault, CudaBackend backend, Supplier<List<double[]>> request, FaultCount count) {
        fault.everyCallOfTheNext(backend, request, request.get(), count);
        count.keep();
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void whicheverCallOfLaterStepsFailsTheNextStepsWork(Disturbance fault) {
        CudaBackend backend = CudaFixture.open();
        try (MicroStep step = new MicroStep(backend)) {
            later(fault, backend, () -> step.train(3), new FaultCount("micro-steps, warm, " + fault.library()));
        }
        fault.close(backend);
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void whicheverCallOfALaterPassFailsTheNextPassWorks(Disturbance fault) {
        CudaBackend backend = CudaFixture.open();
        try (DenoisingPass pass = new DenoisingPass(backend)) {
            // By now it is replayed.
            pass.sample();
            pass.sample();
            later(fault, backend, pass::sample, new FaultCount("denoising pass, warm, " + fault.library()));
        }
        fault.close(backend);
    }

    /// Whether a request fails with a lost context at call number `call`, and the backend then refuses all work.
    private static boolean isLostAt(Disturbance fault, long call, FaultCount count) {
        CudaBackend backend = CudaFixture.open();
        Disturbance.Outcome outcome = fault.on(call, () -> MicroStep.whole(backend));
        if (outcome.failed()) {
            String where = fault.library() + " call " + call + ": " + outcome.function();
            fault.expect(outcome, where, count);
            long calls = Faults.calls("cuda");
            assertThatExceptionOfType(CudaException.class)
                    .as(where)
                    .isThrownBy(() -> backend.run("later", Precision.F32, ops -> ops.dtype()))
                    .withMessageContaining("restart the process")
                    .withMessageContaining(outcome.function());
            assertThat(Faults.calls("cuda")).as(where).isEqualTo(calls);
        }
        fault.close(backend);
        Faults.recover();
        return outcome.failed();
    }

    @Test
    void whicheverFunctionLosesTheContextTheBackendSaysSoEverAfter() {
        List<double[]> expected = STEP.undisturbed();
        FaultCount count = new FaultCount("micro-step, context lost, one call of each function");
        try (CudaBackend backend = CudaFixture.open()) {
            Faults.reset();
            MicroStep.whole(backend);
        }
        Faults.trace().keySet().stream()
                .filter(name -> name.matches("cu[A-Z].*"))
                .forEach(function -> isLostAt(new Disturbance(function, LOST.code(), LOST.name()), 1, count));
        assertThat(count.failed()).isGreaterThan(10);
        Disturbance.same(STEP.undisturbed(), expected, "afterwards");
        count.keep();
    }

    @Test
    @Tag("soak")
    void whicheverCallLosesTheContextTheBackendSaysSoEverAfter() {
        FaultCount count = new FaultCount("micro-step, context lost, every call");
        long call = 1;
        while (isLostAt(LOST, call, count)) {
            call++;
        }
        assertThat(call).isGreaterThan(200);
        count.keep();
    }
}
