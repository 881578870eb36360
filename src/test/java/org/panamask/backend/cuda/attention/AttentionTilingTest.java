package org.panamask.backend.cuda.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.tensor.DType;

class AttentionTilingTest {
    /// What a block may have on compute capability 8.6 and 8.9, the least of all that run these kernels.
    private static final int SHARED_BYTES = 101_376;

    @ParameterizedTest
    @CsvSource({"1, 16", "16, 16", "17, 32", "40, 64", "64, 64", "65, 128", "128, 128"})
    void headsAreRoundedUpAndBlocksFitIntoEveryDevice(int width, int padded) {
        for (DType dtype : new DType[] {DType.F32, DType.BF16, DType.F16}) {
            AttentionTiling tiling = AttentionTiling.of(dtype, width);
            assertThat(tiling.padded()).isEqualTo(padded);
            assertThat(Stream.of(tiling.forward(), tiling.delta(), tiling.keys(), tiling.queries()))
                    .allMatch(part -> part.sharedBytes() <= SHARED_BYTES && part.threads() % 32 == 0);
        }
        assertThat(AttentionTiling.of(DType.BF16, width).atomic().sharedBytes()).isLessThanOrEqualTo(SHARED_BYTES);
    }

    @ParameterizedTest
    @CsvSource({"129", "256"})
    void widerHeadsAreRefused(int width) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AttentionTiling.of(DType.BF16, width))
                .withMessage("attention kernels: heads are at most 128 wide, but got " + width);
    }
}
