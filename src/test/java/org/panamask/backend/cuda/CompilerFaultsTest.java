package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.backend.BackendException;
import org.panamask.emulator.Emulator;
import org.panamask.emulator.Faults;
import org.panamask.ffi.cuda.Nvrtc;
import org.panamask.ffi.cuda.NvrtcException;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// Every call of the compiler fails once.
class CompilerFaultsTest {
    private static final String FOLDER = "panamask.kernel.cache";
    private static final Nvrtc.Source SOURCE = new Nvrtc.Source(
            "nothing.cu", "extern \"C\" void nothing() {}", new TreeMap<>(), List.of("--gpu-architecture=sm_80"));

    @BeforeEach
    void require() {
        Emulator.folder();
    }

    @AfterEach
    void forget() {
        Faults.reset();
    }

    @Test
    void whicheverCallOfACompilationFailsTheNextOneWorks() {
        // The version is asked for when the library is looked for too, once, and reports go without it.
        Nvrtc.load();
        FaultCount count = new FaultCount("compilation, nvrtc");
        Disturbance.Outcome outcome;
        long call = 1;
        do {
            outcome = Disturbance.COMPILER.on(
                    call, () -> assertThat(Nvrtc.load().compile(SOURCE).image()).isNotEmpty());
            if (outcome.failed()) {
                assertThat(outcome.thrown()).as(outcome.function()).containsInstanceOf(NvrtcException.class);
                Disturbance.COMPILER.expect(outcome, "nvrtc call " + call + ": " + outcome.function(), count);
            }
            call++;
        } while (outcome.failed());
        assertThat(count.failed()).isEqualTo(8);
        count.keep();
    }

    /// Works with kernels of `folder`.
    private static void within(Path folder, Consumer<CudaBackend> work) {
        String before = System.getProperty(FOLDER);
        System.setProperty(FOLDER, folder.toString());
        try (CudaBackend backend = CudaFixture.open()) {
            work.accept(backend);
        } finally {
            System.setProperty(FOLDER, before);
        }
    }

    private static double[] scaled(CudaBackend backend) {
        return CudaFixture.run(backend, job -> {
            Tensor x = job.upload(Shape.of(2), new float[] {1, 2});
            Tensor factor = job.upload(Shape.of(1), new float[] {3});
            Tensor y = job.make(Shape.of(2), x.dtype());
            job.launch(
                    job.kernel("arithmetic", "scale"),
                    Grid.covering(2, 32),
                    new Arguments().pointer(x).pointer(y).pointer(factor).i64(2).f32(0));
            return job.doubles(y);
        });
    }

    @Test
    void aKernelThatCannotBeCompiledIsNamedAndCompiledWhenItIsAskedForAgain(@TempDir Path folder) {
        FaultCount count = new FaultCount("kernel that is not compiled yet, nvrtc");
        within(folder, backend -> {
            for (String function :
                    List.of("nvrtcVersion", "nvrtcCreateProgram", "nvrtcCompileProgram", "nvrtcGetCUBIN")) {
                Disturbance fault = new Disturbance(function, Disturbance.COMPILER.code(), Disturbance.COMPILER.name());
                fault.expect(fault.on(1, () -> scaled(backend)), function, count);
            }
            assertThatExceptionOfType(BackendException.class)
                    .isThrownBy(() -> {
                        Faults.fail("nvrtcCompileProgram", 1, 6);
                        scaled(backend);
                    })
                    .withMessageContaining("compiling kernels/arithmetic.cu for sm_89 failed: nvrtcCompileProgram of")
                    .withMessageContaining("NVRTC_ERROR_COMPILATION");
            assertThat(scaled(backend)).isEqualTo(scaled(backend));
            assertThat(backend.report().get("kernels")).contains("1 compiled");
        });
        assertThat(count.failed()).isEqualTo(4);
        count.keep();
    }
}
