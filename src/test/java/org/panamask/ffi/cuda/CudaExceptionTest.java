package org.panamask.ffi.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CudaExceptionTest {
    @ParameterizedTest
    @ValueSource(ints = {4, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 810})
    void whatEndsTheContextSaysToRestart(int status) {
        CudaException failure = CudaException.of("cuStreamSynchronize", "name", "meaning", status);
        assertThat(failure.isLost()).isTrue();
        assertThat(failure).hasMessageContaining("meaning; the context is lost: restart the process");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 200, 201, 400, 600, 701, 720, 801, 900, 901, 906})
    void whatLeavesTheContextAliveDoesNot(int status) {
        CudaException failure = CudaException.of("cuLaunchKernel", "name", "meaning", status);
        assertThat(failure.isLost()).isFalse();
        assertThat(failure.getMessage()).doesNotContain("restart");
    }
}
