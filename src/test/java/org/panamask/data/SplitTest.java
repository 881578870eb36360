package org.panamask.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SplitTest {
    private static final List<Integer> VALUES = IntStream.range(0, 10).boxed().toList();

    @Test
    void splitsTheTailOff() {
        assertThat(Split.tail(VALUES, 0).validation()).isEmpty();
        assertThat(Split.tail(VALUES, 3).validation()).containsExactly(7, 8, 9);
        assertThat(Split.tail(VALUES, 0.25).validation()).containsExactly(7, 8, 9);
        assertThat(Split.tail(VALUES, 0.25).training()).hasSize(7);
        for (double bad : new double[] {1, -0.5, 2.5, Double.NaN}) {
            assertThatExceptionOfType(DataException.class)
                    .isThrownBy(() -> Split.tail(VALUES, bad))
                    .withMessage("data.val_size must be 0, a share between 0 and 1, or a whole number of rows above 1, "
                            + "not " + bad);
        }
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Split.tail(VALUES, 10))
                .withMessage("data.val_size must leave rows to train on, but takes 10 of 10; lower it");
    }

    @Test
    void shufflesWithTheSeed() {
        Split<Integer> split = Split.of(VALUES, 3, ValSplit.SHUFFLE, 5);
        assertThat(split.validation()).hasSize(3).isNotEqualTo(List.of(7, 8, 9));
        assertThat(split.training()).hasSize(7).doesNotContainAnyElementsOf(split.validation());
        assertThat(Split.of(VALUES, 3, ValSplit.SHUFFLE, 5)).isEqualTo(split);
        assertThat(Split.of(VALUES, 3, ValSplit.SHUFFLE, 6)).isNotEqualTo(split);
        assertThat(Split.of(VALUES, 0, ValSplit.SHUFFLE, 5).training()).isEqualTo(VALUES);
        assertThat(Split.of(VALUES, 3, ValSplit.TAIL, 5)).isEqualTo(Split.tail(VALUES, 3));
    }
}
