package org.panamask.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.panamask.tensor.AttentionMask;

final class RowWindowTest {
    private static final int END = 2;

    /// A prompt of 2 and an answer of 2, one of 1 and 4, filled; and in a batch of its own one of 1 and 2.
    private static final RowWindow FILLED = new RowWindow(List.of(
            TokenRows.of(2, 5, new int[] {1, 5, 6, END, END, 1, 7, 8, 9, END}, new boolean[] {
                        false, false, true, true, true, false, true, true, true, true
                    })
                    .withSamples(3, 4)
                    .withFilling(END),
            TokenRows.of(1, 3, new int[] {1, 4, END}, new boolean[] {false, true, true})
                    .withSamples(9)
                    .withFilling(END)));

    @Test
    void rowsAreFilledToTheLongestOfTheStep() {
        RowWindow filled = FILLED.filled();

        assertThat(filled.rows().getLast().ids()).containsExactly(1, 4, END, END, END);
        assertThat(filled.rows().getLast().maskable()).containsExactly(false, true, true, true, true);
        assertThat(filled.rows().getLast().samples()).containsExactly(9);
        assertThat(filled.rows().getFirst().ids()).containsExactly(1, 5, 6, END, END, 1, 7, 8, 9, END);
        assertThat(filled.answers()).containsExactly(2, 4, 2);
        assertThat(filled.longest()).isEqualTo(5);
    }

    @Test
    void answersAreCutAndFilledAgain() {
        RowWindow cut = FILLED.filled().cutAnswers(2);

        assertThat(cut.columns()).isEqualTo(4);
        assertThat(cut.rows().getFirst().ids()).containsExactly(1, 5, 6, END, 1, 7, 8, END);
        assertThat(cut.rows().getLast().ids()).containsExactly(1, 4, END, END);
        assertThat(cut.rows().getFirst().filling()).hasValue(END);
    }

    @Test
    void columnsAreCutOffWithWhatStandsInThem() {
        RowWindow cut = FILLED.cut(2);

        assertThat(cut.rows().getFirst().ids()).containsExactly(1, 5, 1, 7);
        assertThat(cut.rows().getFirst().maskable()).containsExactly(false, false, false, true);
        assertThat(cut.rows().getLast().ids()).containsExactly(1, 4);
        assertThat(FILLED.cut(9)).isEqualTo(FILLED);
    }

    @Test
    void rowsWhoseFillingIsNotLearntKeepTheirLengths() {
        TokenRows rows = TokenRows.of(2, 4, new int[] {1, 5, END, 0, 1, 6, 7, END}, new boolean[] {
                    false, true, true, false, false, true, true, true
                })
                .withVisible(new AttentionMask.Lengths(List.of(3, 4)));
        RowWindow window = new RowWindow(List.of(rows));

        assertThat(window.filled()).isEqualTo(window);
        assertThat(window.answers()).containsExactly(2, 3);
        TokenRows cut = window.cut(3).rows().getFirst();
        assertThat(cut.visible()).isEqualTo(new AttentionMask.Full());
        assertThat(cut.ids()).containsExactly(1, 5, END, 1, 6, 7);
        TokenRows answers = window.cutAnswers(2).rows().getFirst();
        assertThat(answers.ids()).containsExactly(1, 5, END, 1, 6, 7);
        TokenRows begun = new RowWindow(List.of(TokenRows.of(1, 2, new int[] {5, 6}, new boolean[] {true, true}), rows))
                .begun(1)
                .rows()
                .getLast();
        assertThat(begun.visible()).isEqualTo(new AttentionMask.Lengths(List.of(4, 5)));
        assertThat(begun.ids()).containsExactly(1, 1, 5, END, 0, 1, 1, 6, 7, END);
        assertThat(begun.maskable()).containsExactly(false, false, true, true, false, false, false, true, true, true);
    }

    @Test
    void packedRowsAreRefused() {
        TokenRows packed = TokenRows.of(1, 2, new int[] {5, 6}, new boolean[] {true, true})
                .withSegments(List.of(new TokenRows.Segment(0, 1, 0), new TokenRows.Segment(1, 1, 1)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RowWindow(List.of(packed)))
                .withMessage("row window: rows must not be packed, but some are");
    }
}
