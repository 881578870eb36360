package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.panamask.backend.BackendException;
import org.panamask.backend.Launching;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Faults;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// A kernel that accesses what is no memory: an error of its launch under the emulator too, where it is a signal to
/// this process, in whose threads the virtual machine takes signals as well.
class WildAccessTest {
    private static final long NOWHERE = 0x1230;
    private static final int COUNT = 4096;

    @BeforeEach
    void requireEmulator() {
        Emulator.folder();
        Assumptions.assumeTrue(System.getProperty("os.arch").equals("amd64"), "the signal is taken on x86-64 alone");
    }

    @AfterEach
    void recover() {
        Faults.recover();
    }

    @Test
    void anAccessToNoMemoryIsAnErrorOfTheLaunch() {
        try (CudaBackend backend = CudaFixture.open(Launching.CHECKED)) {
            assertThatExceptionOfType(BackendException.class)
                    .isThrownBy(() -> launch(backend, NOWHERE))
                    .withMessageContaining("kernel scale")
                    .withMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS")
                    .withMessageContaining("accessed 0x1230, where there is no memory")
                    .withMessageContaining("restart the process");
        }
        Faults.recover();
        try (CudaBackend backend = CudaFixture.open()) {
            assertThat(launch(backend, 0)).isEqualTo(COUNT);
        }
    }

    @Test
    void theVirtualMachineTakesItsOwnSignalsAsBefore() {
        try (CudaBackend backend = CudaFixture.open()) {
            assertThat(launch(backend, 0)).isEqualTo(COUNT);
        }
        String[] texts = {"a", "b", null};
        int thrown = 0;
        for (int i = 0; i < 30_000; i++) {
            try {
                thrown -= texts[i % 3].length() - 1;
            } catch (NullPointerException _) {
                thrown++;
            }
        }
        assertThat(thrown).isEqualTo(10_000);
    }

    /// The sum of what `scale` makes of ones, its addend at `address` if that is not 0.
    private static double launch(CudaBackend backend, long address) {
        return CudaFixture.run(backend, job -> {
            float[] ones = new float[COUNT];
            Arrays.fill(ones, 1);
            Tensor x = job.upload(Shape.of(COUNT), ones);
            Tensor y = job.make(Shape.of(COUNT), DType.F32);
            Tensor zero = job.upload(Shape.of(1), new float[1]);
            job.launch(
                    job.kernel("arithmetic", "scale"),
                    Grid.covering(COUNT, 32),
                    new Arguments()
                            .pointer(x)
                            .pointer(y)
                            .pointer(address == 0 ? zero.memory().address() : address)
                            .i64(COUNT)
                            .f32(1));
            return Arrays.stream(job.doubles(y)).sum();
        });
    }
}
