package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Faults;

/// Every call of every other operation fails once.
class OperationFaultsTest {
    @BeforeEach
    void require() {
        Emulator.folder();
    }

    @AfterEach
    void forget() {
        Faults.reset();
        Faults.recover();
    }

    @ParameterizedTest
    @MethodSource("org.panamask.backend.cuda.OperationWorks#planned")
    void whicheverCallOfAPlanFailsTheNextRequestWorks(DisturbedWork work) {
        Disturbance fault = Disturbance.PRODUCTS;
        FaultCount count = new FaultCount(work.name() + ", cold, " + fault.library());
        fault.everyCallOfTheFirst(work, count);
        assertThat(count.failed()).isGreaterThan(10);
        count.keep();
    }

    @ParameterizedTest
    @MethodSource("org.panamask.backend.cuda.OperationWorks#all")
    void whicheverCallFailsTheNextRequestWorks(DisturbedWork work) {
        List<double[]> expected = work.undisturbed();
        for (Disturbance fault : List.of(Disturbance.DRIVER, Disturbance.PRODUCTS)) {
            FaultCount count = new FaultCount(work.name() + ", warm, " + fault.library());
            CudaBackend backend = work.open();
            work.on(backend);
            work.on(backend);
            fault.everyCallOfTheNext(backend, () -> work.on(backend), expected, count);
            fault.close(backend);
            count.keep();
        }
    }
}
