package org.panamask.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

final class CanvasTest {
    private static final Canvas CANVAS = Canvas.of(2, 3, new int[6]);

    @Test
    void positionsStartAgainInEachRow() {
        assertThat(CANVAS.positions()).containsExactly(0, 1, 2, 0, 1, 2);
        assertThat(CANVAS.withPositions(new int[] {5, 6, 7, 0, 0, 1}).positions())
                .containsExactly(5, 6, 7, 0, 0, 1);
    }

    @Test
    void everyRowIsWantedUnlessSaidOtherwise() {
        assertThat(CANVAS.wantsAllRows()).isTrue();
        assertThat(CANVAS.rows()).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(CANVAS.withRows(new int[] {1, 4}).rows()).containsExactly(1, 4);
    }

    @Test
    void anotherNumberOfIdsIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Canvas.of(2, 3, new int[5]))
                .withMessage("canvas: ids must be 2 x 3 and at least 1, but got 5");
    }

    @Test
    void rowsThatDescendAreRefused() {
        assertThat(CANVAS.withRows(new int[] {2, 2}).rows()).containsExactly(2, 2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CANVAS.withRows(new int[] {2, 1}))
                .withMessage("canvas: wanted rows must not descend within [0, 6), but got 1 at 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CANVAS.withRows(new int[0]))
                .withMessage("canvas: at least one row must be wanted, but got none; leave the forward pass out");
    }

    @Test
    void dropoutNeedsASampleForEachRow() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CANVAS.withDropout(new Canvas.Dropout(1, List.of(4))))
                .withMessage("canvas: dropout needs the samples of 2 rows, but got 1");
    }
}
