package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Faults;
import org.panamask.train.TrainerException;

/// Every call of a step fails once, and the same trainer is asked for the step again.
class StepFaultsTest {
    @BeforeEach
    void require() {
        Emulator.require();
    }

    @AfterEach
    void forget() {
        Faults.reset();
    }

    static Stream<Disturbance> libraries() {
        return Stream.of(Disturbance.DRIVER, Disturbance.PRODUCTS);
    }

    /// What came of the failing calls, each as the function that failed.
    private record Fates(List<String> repeated, List<String> refused) {}

    /// Lets call number `call` of step 1 fail and repeats the step.
    ///
    /// @return whether there is such a call
    private static boolean isRepeated(
            MicroStep step, Disturbance fault, long call, List<double[]> expected, Fates fates) {
        try (MicroStep.Training training = step.training()) {
            List<double[]> results = new ArrayList<>(List.of(training.step(0)));
            Disturbance.Outcome outcome = fault.on(call, () -> results.add(training.step(1)));
            String where = fault.library() + " call " + call + ": " + outcome.function();
            try {
                if (outcome.thrown().isPresent()) {
                    results.add(training.step(1));
                    fates.repeated().add(outcome.function());
                }
                results.addAll(training.weights());
                Disturbance.same(results, expected, where);
            } catch (TrainerException refused) {
                assertThat(refused)
                        .as(where)
                        .hasCause(outcome.thrown().orElseThrow())
                        .hasMessageContaining("step 1 failed while it changed them")
                        .hasMessageContaining(outcome.function());
                fates.refused().add(outcome.function());
            }
            return outcome.failed();
        }
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void whicheverCallOfAStepFailsItsRepetitionGivesTheBitsOrIsRefused(Disturbance fault) {
        Fates fates = new Fates(new ArrayList<>(), new ArrayList<>());
        CudaBackend backend = CudaFixture.open();
        try (MicroStep step = new MicroStep(backend)) {
            List<double[]> expected = step.train(2);
            long call = 1;
            while (isRepeated(step, fault, call, expected, fates)) {
                call++;
            }
        }
        fault.close(backend);
        assertThat(fates.repeated()).hasSizeGreaterThan(10);
        // Products come before the update; commands of the update are given to the driver after all others.
        assertThat(fates.refused().isEmpty()).isEqualTo(fault.equals(Disturbance.PRODUCTS));
    }
}
