package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.emulator.Emulator;

class CudaProviderTest {
    @Test
    void opensTheBackendByName() {
        Emulator.require();
        try (Backend backend = Backends.open(BackendSettings.defaults().with("name", "cuda"))) {
            assertThat(backend.name()).isEqualTo("cuda");
        }
    }

    @Test
    void saysOfEveryLibraryWhereItIsOrHowToNameItAndWhetherTheJarHasCubins() {
        SequencedMap<String, String> installation = new CudaProvider().installation();

        assertThat(installation.remove("cubins")).isNotBlank();
        assertThat(installation)
                .containsOnlyKeys("cuda", "nvrtc", "cublaslt", "cublas", "cudnn", "nccl", "cudart", "flashattn")
                .allSatisfy((library, found) -> assertThat(found)
                        .matches("(?s)(.*, )?/.*|not found in \\d+ places.*; name the file in PANAMASK_LIB_[A-Z]+"));
    }
}
