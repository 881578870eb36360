package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RowBucketsTest {
    @Test
    void rowsAreFilledUpToFewNumbers() {
        assertThat(IntStream.of(1, 16, 17, 64, 65, 100, 129, 1000, 1025).map(rows -> RowBuckets.round(rows, 4096)))
                .containsExactly(16, 16, 32, 64, 80, 112, 160, 1024, 1280);
        assertThat(IntStream.rangeClosed(1, 4096)
                        .map(rows -> RowBuckets.round(rows, 4096))
                        .distinct())
                .hasSize(28);
    }

    @Test
    void neverToFewerNorToMoreThanThereAre() {
        assertThat(RowBuckets.round(5, 12)).isEqualTo(12);
        assertThat(RowBuckets.round(12, 12)).isEqualTo(12);
        // More rows than there are: a caller that wants some of them several times.
        assertThat(RowBuckets.round(14, 12)).isEqualTo(14);
        assertThat(RowBuckets.round(Integer.MAX_VALUE, Integer.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void whatIsAddedIsLessThanAQuarter() {
        assertThat(IntStream.range(65, 10_000)).allMatch(rows -> 4 * (RowBuckets.round(rows, 1 << 20) - rows) < rows);
    }
}
