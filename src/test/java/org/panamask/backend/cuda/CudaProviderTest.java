package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;

class CudaProviderTest {
    @Test
    void refusesToComputeByName() {
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> Backends.open(BackendSettings.defaults().with("name", "cuda")))
                .withMessage("backend cuda: this version has no kernels for GPUs yet; choose backend.name cpu");
    }

    @Test
    void saysOfEveryLibraryWhereItIsOrHowToNameIt() {
        assertThat(new CudaProvider().installation())
                .containsOnlyKeys("cuda", "nvrtc", "cublaslt", "cublas", "cudnn", "nccl", "cudart", "flashattn")
                .allSatisfy((library, found) -> assertThat(found)
                        .matches("(?s)(.*, )?/.*|not found in \\d+ places.*; name the file in PANAMASK_LIB_[A-Z]+"));
    }
}
