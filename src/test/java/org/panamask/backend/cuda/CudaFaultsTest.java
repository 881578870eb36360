package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.backend.BackendException;
import org.panamask.backend.DeviceMemoryException;
import org.panamask.backend.Launching;
import org.panamask.backend.Precision;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Faults;
import org.panamask.ffi.cuda.CudaException;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

class CudaFaultsTest {
    private static final int LAUNCH_FAILED = 719;
    private static final int ADDRESS_FAULT = 700;
    private static final int COUNT = 64;

    @BeforeEach
    void require() {
        Emulator.require();
        // Kernels are compiled outside of the counting.
        try (CudaBackend backend = CudaFixture.open()) {
            work(backend);
        }
        Faults.reset();
    }

    @AfterEach
    void recover() {
        Faults.reset();
        Faults.recover();
    }

    /// An upload, ten launches of which each needs the one before, and a weight; the sum of what comes of them.
    private static double work(CudaBackend backend) {
        try (Owner owner = backend.owner("weights")) {
            Tensor loaded = backend.run(
                    "load",
                    Precision.F32,
                    ops -> ops.weight(owner, HostTensor.of("w", Shape.of(1), 1), true)
                            .value());
            return CudaFixture.run(backend, job -> {
                Tensor x = job.upload(Shape.of(COUNT), new float[COUNT]);
                for (int i = 0; i < 10; i++) {
                    Tensor y = job.make(Shape.of(COUNT), DType.F32);
                    job.launch(
                            job.kernel("arithmetic", "scale"),
                            Grid.covering(COUNT, 32),
                            new Arguments()
                                    .pointer(x)
                                    .pointer(y)
                                    .pointer(loaded)
                                    .i64(COUNT)
                                    .f32(1));
                    x = y;
                }
                return Arrays.stream(job.doubles(x)).sum();
            });
        }
    }

    private static void owesNothing(CudaBackend backend) {
        assertThat(backend.ledger().owners()).isEmpty();
        assertThat(backend.ledger().total()).isZero();
        assertThat(backend.objects().byKind()).isEmpty();
    }

    static Stream<Disturbance> faults() {
        return Stream.of(Disturbance.DRIVER, Disturbance.MEMORY);
    }

    /// A backend, or nothing if the start fails.
    private static Optional<CudaBackend> start(Disturbance fault, long call, FaultCount count) {
        List<CudaBackend> started = new ArrayList<>();
        Disturbance.Outcome outcome = fault.on(call, () -> started.add(CudaFixture.open()));
        if (outcome.failed()) {
            fault.expect(outcome, fault.library() + " call " + call + ": " + outcome.function(), count);
        }
        assertThat(started.isEmpty()).isEqualTo(outcome.thrown().isPresent());
        return started.stream().findFirst();
    }

    @ParameterizedTest
    @MethodSource("faults")
    void whicheverCallOfAStartFailsTheNextStartWorks(Disturbance fault) {
        FaultCount count = new FaultCount("start, " + fault.library());
        Map<String, Long> before = Disturbance.live();
        for (int call = 1; count.failed() == call - 1; call++) {
            start(fault, call, count).ifPresent(CudaBackend::close);
            assertThat(Disturbance.live()).as("call %d", call).isEqualTo(before);
        }
        assertThat(count.failed()).isGreaterThan(4);
        count.keep();
        try (CudaBackend backend = CudaFixture.open()) {
            assertThat(work(backend)).isEqualTo(10 * COUNT);
        }
    }

    @Test
    void whicheverCallOfAnEndFailsNothingIsOwed() {
        FaultCount count = new FaultCount("end, cuda");
        Disturbance fault = Disturbance.DRIVER;
        Disturbance.Outcome outcome;
        long call = 1;
        do {
            CudaBackend backend = CudaFixture.open();
            work(backend);
            outcome = fault.on(call, backend::close);
            if (outcome.failed()) {
                fault.expect(outcome, fault.library() + " call " + call + ": " + outcome.function(), count);
            }
            owesNothing(backend);
            call++;
        } while (outcome.failed());
        assertThat(count.failed()).isGreaterThan(20);
        count.keep();
    }

    @Test
    void aLostContextIsSaidByEveryLaterCallWithoutAskingTheDriver() {
        for (int code : new int[] {LAUNCH_FAILED, ADDRESS_FAULT}) {
            CudaBackend backend = CudaFixture.open();
            Owner owner = backend.owner("kept");
            backend.run("make", Precision.F32, ops -> ops.zeros(owner, Shape.of(COUNT), DType.F32));
            Faults.fail("cuStreamSynchronize", 1, code);
            assertThatExceptionOfType(CudaException.class)
                    .isThrownBy(() -> work(backend))
                    .withMessageContaining("the context is lost: restart the process")
                    .matches(CudaException::isLost);
            long calls = Faults.calls("cuda");
            for (int i = 0; i < 3; i++) {
                assertThatExceptionOfType(CudaException.class)
                        .isThrownBy(() -> backend.run("later", Precision.F32, ops -> ops.dtype()))
                        .withMessageContaining("restart the process")
                        .withMessageContaining("cuStreamSynchronize");
            }
            owner.close();
            backend.close();
            owesNothing(backend);
            assertThat(Faults.calls("cuda")).isEqualTo(calls);
            Faults.recover();
        }
        try (CudaBackend backend = CudaFixture.open()) {
            assertThat(work(backend)).isEqualTo(10 * COUNT);
        }
    }

    @Test
    void aKernelThatFailsIsNamedWhereEveryOneIsChecked() {
        CudaBackend backend = CudaFixture.open(Launching.CHECKED);
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> CudaFixture.run(backend, job -> {
                    Tensor x = job.upload(Shape.of(32), new float[32]);
                    job.launch(
                            job.kernel("arithmetic", "scale"),
                            Grid.of(1, 32),
                            new Arguments()
                                    .pointer(x)
                                    .pointer(x)
                                    .pointer(x)
                                    .i64(32)
                                    .f32(1));
                    Faults.fail("cuStreamSynchronize", 2, LAUNCH_FAILED);
                    return job.doubles(x);
                }))
                .withMessageContaining("kernel scale on Grid[x=1")
                .withMessageContaining("restart the process");
        backend.close();
        owesNothing(backend);
    }

    @Test
    void whatTheDeviceCannotHoldIsRefusedWithItsOwners() {
        try (CudaBackend backend = CudaFixture.open();
                Owner owner = backend.owner("optimizer")) {
            backend.run("some", Precision.F32, ops -> ops.zeros(owner, Shape.of(1 << 20), DType.F32));
            assertThatExceptionOfType(DeviceMemoryException.class)
                    .isThrownBy(() ->
                            backend.run("more", Precision.F32, ops -> ops.zeros(owner, Shape.of(1L << 32), DType.F32)))
                    .withMessageContaining("asked 16.00 GiB for [4294967296] F32")
                    .withMessageContaining("optimizer 4.00 MiB")
                    .withMessageContaining("the device has 7.9")
                    .withMessageContaining(" of 8.00 GiB left")
                    .withMessageContaining("set train.recompute to true");
            assertThat(work(backend)).isEqualTo(10 * COUNT);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "100, check nvidia-smi and CUDA_VISIBLE_DEVICES",
        "802, start the machine's nvidia-fabricmanager",
        "803, restart the machine after an update",
        "999, check that nvidia-smi works"
    })
    void aDriverThatDoesNotStartSaysWhatToDo(int status, String advice) {
        Faults.fail("cuInit", 1, status);
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(CudaFixture::open)
                .withMessageStartingWith("backend cuda: cuInit failed: ")
                .withMessageContaining("(status " + status + "); ")
                .withMessageContaining(advice);
    }
}
