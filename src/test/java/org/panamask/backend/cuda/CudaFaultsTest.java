package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
    private static final int INVALID_VALUE = 1;
    private static final int OUT_OF_MEMORY = 2;
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

    /// What `work` throws while call number `call` of the driver fails; empty if it makes fewer calls.
    private static Optional<RuntimeException> thrown(long call, int code, Runnable work) {
        long before = Faults.calls("cuda");
        Faults.fail("cuda", call, code);
        try {
            work.run();
            return Optional.empty();
        } catch (RuntimeException failure) {
            return Optional.of(failure);
        } finally {
            if (Faults.calls("cuda") - before < call) {
                Faults.cancel("cuda");
            }
        }
    }

    private static void owesNothing(CudaBackend backend) {
        assertThat(backend.ledger().owners()).isEmpty();
        assertThat(backend.ledger().total()).isZero();
        assertThat(backend.objects().byKind()).isEmpty();
    }

    @Test
    void whicheverCallOfTheStartFailsTheNextStartWorks() {
        long calls;
        try (CudaBackend _ = CudaFixture.open()) {
            calls = Faults.calls("cuda");
        }
        assertThat(calls).isGreaterThan(20);
        for (long call = 1; call <= calls; call++) {
            long failing = call;
            Optional<RuntimeException> failure =
                    thrown(call, INVALID_VALUE, () -> CudaFixture.open().close());
            assertThat(failure).as("call %d", failing).isPresent();
            assertThat(failure.get())
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("CUDA_ERROR_INVALID_VALUE");
        }
        try (CudaBackend backend = CudaFixture.open()) {
            assertThat(work(backend)).isEqualTo(10 * COUNT);
        }
    }

    @Test
    void whicheverCallOfAJobFailsTheNextJobWorks() {
        for (int code : new int[] {INVALID_VALUE, OUT_OF_MEMORY}) {
            int failed = 0;
            try (CudaBackend backend = CudaFixture.open()) {
                work(backend);
                long start = Faults.calls("cuda");
                work(backend);
                long calls = Faults.calls("cuda") - start;
                for (long call = 1; call <= calls; call++) {
                    Optional<RuntimeException> failure = thrown(call, code, () -> work(backend));
                    failure.ifPresent(each -> assertThat(each)
                            .isInstanceOfAny(CudaException.class, BackendException.class, DeviceMemoryException.class));
                    failed += failure.isPresent() ? 1 : 0;
                    assertThat(work(backend)).as("after call %d", call).isEqualTo(10 * COUNT);
                }
                // Giving memory back is never refused to the caller before the end.
                assertThat(failed).isGreaterThan(10);
                closeQuietly(backend);
                owesNothing(backend);
            }
        }
    }

    private static void closeQuietly(CudaBackend backend) {
        try {
            backend.close();
        } catch (CudaException refusal) {
            assertThat(refusal).hasMessageContaining("CUDA_ERROR");
        }
    }

    @Test
    void whicheverCallOfTheEndFailsNothingIsOwed() {
        for (long call = 1; call < 30; call++) {
            CudaBackend backend = CudaFixture.open();
            work(backend);
            work(backend);
            Optional<RuntimeException> failure = thrown(call, INVALID_VALUE, backend::close);
            failure.ifPresent(each -> assertThat(each).isInstanceOf(CudaException.class));
            owesNothing(backend);
        }
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
