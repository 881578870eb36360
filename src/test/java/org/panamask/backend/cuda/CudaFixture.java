package org.panamask.backend.cuda;

import java.util.function.Function;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Launching;
import org.panamask.backend.Precision;
import org.panamask.emulator.Emulator;

/// Backends of the emulated driver for tests of this package.
final class CudaFixture {
    static final BackendSettings GRAPHS =
            BackendSettings.defaults().with("name", "cuda").with("launch", Launching.GRAPHS);

    private CudaFixture() {}

    /// Skips the test where there is no emulator.
    static void require() {
        Emulator.require();
    }

    static CudaBackend open() {
        require();
        return CudaBackend.open(GRAPHS);
    }

    static CudaBackend open(Launching launching) {
        require();
        return CudaBackend.open(BackendSettings.defaults().with("name", "cuda").with("launch", launching));
    }

    /// What `work` returns in a job of `backend` in f32.
    static <T> T run(CudaBackend backend, Function<CudaJob, T> work) {
        return backend.run("test", Precision.F32, ops -> work.apply(((CudaOps) ops).job));
    }
}
