package org.panamask.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.panamask.tensor.AttentionMask;

final class SegmentsTest {
    private static final int MASK = 99;
    private static final Masker MASKER = new Masker(MASK, 1e-3, new Noise(3));

    /// Ids `from`, `from + 1` and so on, of which the first is given.
    private static int[] text(int from, int length) {
        int[] ids = new int[length];
        Arrays.setAll(ids, i -> from + i);
        return ids;
    }

    private static boolean[] answer(int length) {
        boolean[] maskable = new boolean[length];
        Arrays.fill(maskable, 1, length, true);
        return maskable;
    }

    /// Texts of 12 and 9 columns packed into a row of 24, one of 20 in the next.
    private static TokenRows packed() {
        int[] ids = new int[48];
        boolean[] maskable = new boolean[48];
        int[][] places = {{0, 12}, {12, 9}, {24, 20}};
        for (int[] place : places) {
            System.arraycopy(text(place[0], place[1]), 0, ids, place[0], place[1]);
            System.arraycopy(answer(place[1]), 0, maskable, place[0], place[1]);
        }
        return TokenRows.of(2, 24, ids, maskable)
                .withSegments(List.of(
                        new TokenRows.Segment(0, 12, 7),
                        new TokenRows.Segment(12, 9, 2),
                        new TokenRows.Segment(24, 20, 5)));
    }

    @Test
    void aSegmentHasTheTimeAndTheNoiseOfItsSampleAlone() {
        Corrupted together = MASKER.corrupt(packed(), 4);
        Corrupted alone =
                MASKER.corrupt(TokenRows.of(1, 9, text(12, 9), answer(9)).withSamples(2), 4);

        assertThat(together.times()).hasSize(3).doesNotHaveDuplicates();
        assertThat(together.times()[1]).isEqualTo(alone.times()[0]);
        assertThat(Arrays.copyOfRange(together.ids(), 12, 21)).containsExactly(alone.ids());
        assertThat(together.weight(15)).isEqualTo(alone.weight(3));
    }

    @Test
    void segmentsCountTheirPositionsAndSeeThemselvesOnly() {
        TokenRows rows = packed();

        assertThat(Arrays.copyOfRange(rows.positions(), 10, 15)).containsExactly(10, 11, 0, 1, 2);
        assertThat(Arrays.copyOfRange(rows.segments(), 19, 26)).containsExactly(1, 1, -1, -1, -1, 2, 2);
        AttentionMask.Segments seen = (AttentionMask.Segments) rows.visible();
        assertThat(seen.ids().getFirst().subList(10, 24)).containsExactly(1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0);
        assertThat(MASKER.corrupt(rows, 0).canvas().positions()).containsExactly(rows.positions());
    }

    @Test
    void theFirstColumnOfASegmentIsNeverScoredUnderShift() {
        int[] ids = {1, 2, 3, 4, 5, 6};
        boolean[] all = {true, true, true, true, true, true};
        TokenRows rows = TokenRows.of(1, 6, ids, all)
                .withSegments(List.of(new TokenRows.Segment(0, 3, 0), new TokenRows.Segment(3, 3, 1)));
        DiffusionLoss loss = new DiffusionLoss(true, LossNormalization.TOKEN_BOUND);
        Corrupted noisy = new Masker(
                        MASK, 1e-3, (purpose, sample, _, _) -> purpose == NoisePurpose.TIME ? sample / 2f : 0)
                .corrupt(rows, 0);

        assertThat(loss.scorable(rows)).isEqualTo(4);
        ScoredRows scored = loss.score(noisy, new LossWindow(1, 4));
        assertThat(scored.rows()).containsExactly(0, 1, 3, 4);
        assertThat(scored.targets()).containsExactly(2, 3, 5, 6);
        assertThat(scored.weights())
                .containsExactly(
                        noisy.weight(1) / 4.0, noisy.weight(2) / 4.0, noisy.weight(4) / 4.0, noisy.weight(5) / 4.0);
        assertThat(noisy.weight(1)).isNotEqualTo(noisy.weight(4));
    }

    @Test
    void paddingIsNeverMaskedEvenWhereItIsTheMaskToken() {
        TokenRows rows = TokenRows.of(1, 3, new int[] {5, 6, MASK}, new boolean[] {false, true, false})
                .withSegments(List.of(new TokenRows.Segment(0, 2, 0)));

        Corrupted noisy = MASKER.corrupt(rows, 1, 0);

        assertThat(noisy.masked()).containsExactly(false, true, false);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> noisy.weight(2))
                .withMessage("corrupted rows: padding has no weight, but column 2 is padding");
    }

    @Test
    void segmentsThatOverlapOrCrossRowsAreRefused() {
        TokenRows rows = TokenRows.of(2, 3, new int[6], new boolean[6]);
        TokenRows.Segment crossing = new TokenRows.Segment(1, 3, 0);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rows.withSegments(List.of(crossing)))
                .withMessage("token rows: segments must ascend, each within one row of 3 columns, but got " + crossing);
        TokenRows.Segment again = new TokenRows.Segment(1, 1, 0);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rows.withSegments(List.of(new TokenRows.Segment(0, 2, 0), again)))
                .withMessage("token rows: segments must ascend, each within one row of 3 columns, but got " + again);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenRows.of(1, 2, new int[2], new boolean[] {true, true})
                        .withSegments(List.of(new TokenRows.Segment(0, 1, 0))))
                .withMessage("token rows: a maskable column must be in a segment, but column 1 is in none");
    }
}
