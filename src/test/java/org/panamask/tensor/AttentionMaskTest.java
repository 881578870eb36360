package org.panamask.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class AttentionMaskTest {
    private static final AttentionMask FULL = new AttentionMask.Full();

    /// One line for each query row: 1 for a visible key.
    private static List<String> seen(KeyIntervals intervals) {
        List<String> lines = new ArrayList<>();
        boolean[] visible = new boolean[intervals.keys()];
        for (int row = 0; row < intervals.count(); row++) {
            boolean any = intervals.visible(visible, row, new AnnealingDraw.Span(0, intervals.keys()));
            StringBuilder line = new StringBuilder();
            for (boolean each : visible) {
                line.append(each ? '1' : '0');
            }
            assertThat(any).isEqualTo(line.indexOf("1") >= 0);
            lines.add(line.toString());
        }
        return lines;
    }

    @Test
    void causalSeesItselfAndWhatIsBefore() {
        assertThat(seen(new AttentionMask.Causal().lower(2, 3)))
                .containsExactly("100", "110", "111", "100", "110", "111");
    }

    @Test
    void fullSeesEverything() {
        assertThat(seen(FULL.lower(1, 2))).containsExactly("11", "11");
    }

    @Test
    void lengthsHideWhatIsBeyond() {
        assertThat(seen(new AttentionMask.Lengths(List.of(2, 0, 9)).lower(3, 3)))
                .containsExactly("110", "110", "110", "000", "000", "000", "111", "111", "111");
    }

    @Test
    void segmentsSeeThemselvesAndPaddingSeesNothing() {
        AttentionMask mask = AttentionMask.Segments.of(new int[][] {{0, 7, 7, 2, 7, 0}});
        assertThat(seen(mask.lower(1, 6))).containsExactly("000000", "011000", "011000", "000100", "000010", "000000");
    }

    @Test
    void segmentsOfSomeRowsAreThoseOfAllRows() {
        int[][] ids = {{1, 1, 2, 2, 2, 0}, {0, 0, 2, 2, 3, 3}, {3, 3, 3, 3, 3, 3}};
        AttentionMask mask = AttentionMask.Segments.of(ids);
        List<String> all = seen(mask.lower(3, 6));
        int[] rows = {1, 3, 4, 5, 6, 8, 10, 11, 12, 17};
        assertThat(seen(mask.lower(3, 6, rows)))
                .isEqualTo(Arrays.stream(rows).mapToObj(all::get).toList());
        assertThat(all.subList(6, 12)).containsExactly("000000", "000000", "001100", "001100", "000011", "000011");
    }

    /// Quadratic in the tokens of a segment, this took minutes.
    @Test
    @Timeout(10)
    void longSegmentsAreMeasuredOnce() {
        int[] ids = new int[1_000_000];
        Arrays.fill(ids, 600_000, ids.length, 1);
        KeyIntervals intervals = AttentionMask.Segments.of(new int[][] {ids}).lower(1, ids.length);
        assertThat(intervals.bound(599_999, 1)).isZero();
        assertThat(intervals.bound(999_999, 0)).isEqualTo(600_000);
        assertThat(intervals.bound(600_000, 1)).isEqualTo(1_000_000);
    }

    @Test
    void annealedOpensDrawnKeysWithinTheMaskOnly() {
        AttentionMask within = new AttentionMask.Lengths(List.of(40));
        List<String> full = seen(within.lower(1, 64));
        List<String> annealed = seen(new AttentionMask.Annealed(0.4, 5, within).lower(1, 64));
        boolean[] open = new boolean[64];
        for (int i = 0; i < 64; i++) {
            AnnealingDraw.open(open, 5, AnnealingDraw.threshold(0.4), i, new AnnealingDraw.Span(0, 64));
            for (int j = 0; j < 64; j++) {
                boolean expected = full.get(i).charAt(j) == '1' && (j <= i || open[j]);
                assertThat(annealed.get(i).charAt(j) == '1').isEqualTo(expected);
            }
        }
    }

    @Test
    void annealedAtZeroIsCausalAndAtOneIsFull() {
        assertThat(seen(new AttentionMask.Annealed(0, 5, FULL).lower(1, 40)))
                .isEqualTo(seen(new AttentionMask.Causal().lower(1, 40)));
        KeyIntervals one = new AttentionMask.Annealed(1, 5, FULL).lower(1, 40);
        assertThat(seen(one)).isEqualTo(seen(FULL.lower(1, 40)));
        assertThat(one.isPlain()).isTrue();
    }

    @Test
    void everyRowOfABatchHasTheSameDraws() {
        List<String> both = seen(new AttentionMask.Annealed(0.5, 5, FULL).lower(2, 33));
        assertThat(both.subList(33, 66)).isEqualTo(both.subList(0, 33));
    }

    @Test
    void givenBitsServeOneRowOrAll() {
        BitSet bits = new BitSet();
        bits.set(1);
        bits.set(2);
        assertThat(seen(new AttentionMask.Given(1, 2, bits).lower(2, 2))).containsExactly("01", "10", "01", "10");
        bits.set(4, 8);
        KeyIntervals two = new AttentionMask.Given(2, 2, bits).lower(2, 2);
        assertThat(seen(two)).containsExactly("01", "10", "11", "11");
        assertThat(two.isPlain()).isFalse();
    }

    @Test
    void gatheredRowsSeeWhatTheySawBefore() {
        AttentionMask mask = new AttentionMask.Annealed(0.5, 11, new AttentionMask.Lengths(List.of(3, 5)));
        List<String> all = seen(mask.lower(2, 5));
        KeyIntervals some = mask.lower(2, 5, new int[] {1, 4, 5, 9});
        assertThat(seen(some)).containsExactly(all.get(1), all.get(4), all.get(5), all.get(9));
        assertThat(List.of(some.firstRow(0), some.firstRow(1), some.firstRow(2)))
                .containsExactly(0, 2, 4);
        assertThat(List.of(some.index(0), some.index(1), some.index(2), some.index(3)))
                .containsExactly(1, 4, 0, 4);
    }

    @Test
    void spansHideWhatIsOutsideOfThem() {
        AttentionMask mask = new AttentionMask.Spans(
                List.of(new AttentionMask.Span(2, 4), new AttentionMask.Span(1, 9), new AttentionMask.Span(3, 3)));
        KeyIntervals intervals = mask.lower(3, 4, new int[] {0, 3, 5, 8});

        assertThat(List.of(intervals.bound(0, 0), intervals.bound(0, 1))).containsExactly(2, 4);
        assertThat(List.of(intervals.bound(1, 0), intervals.bound(1, 1))).containsExactly(2, 4);
        assertThat(List.of(intervals.bound(2, 0), intervals.bound(2, 1))).containsExactly(1, 4);
        assertThat(intervals.highestKey(3, 4)).isZero();
        assertThat(new AttentionMask.Annealed(0, 0, mask).lower(3, 4).bound(0, 0))
                .isEqualTo(2);
        assertThatThrownBy(() -> mask.lower(2, 4))
                .isInstanceOf(ShapeException.class)
                .hasMessage("attention mask: spans of 2 batch rows are needed, but got 3");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AttentionMask.Span(3, 2))
                .withMessage("attention mask: a span must start at 0 or later and not end before it starts, but got"
                        + " [3, 2)");
    }

    @Test
    void batchRowsWithoutQueriesAreEmpty() {
        KeyIntervals some = FULL.lower(3, 4, new int[] {5});
        assertThat(List.of(some.firstRow(0), some.firstRow(1), some.firstRow(2), some.firstRow(3)))
                .containsExactly(0, 0, 1, 1);
    }

    @Test
    void lowestAndHighestKeyBoundWhatRowsSee() {
        KeyIntervals intervals =
                AttentionMask.Segments.of(new int[][] {{0, 7, 7, 2, 7, 0}}).lower(1, 6);
        assertThat(intervals.lowestKey(1, 4)).isEqualTo(1);
        assertThat(intervals.highestKey(1, 4)).isEqualTo(4);
        assertThat(intervals.lowestKey(0, 1)).isEqualTo(6);
        assertThat(intervals.highestKey(0, 1)).isZero();
    }

    @Test
    void ratiosOutsideOfZeroToOneAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AttentionMask.Annealed(1.5, 0, FULL))
                .withMessage("annealed mask: ratio must be between 0 and 1, not 1.5");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AttentionMask.Annealed(0.5, 0, new AttentionMask.Causal()))
                .withMessage("annealed mask: within must be full, lengths, spans or segments, not Causal[]");
    }

    @Test
    void masksOfAnotherSizeAreRefused() {
        assertThatThrownBy(() -> new AttentionMask.Lengths(List.of(1)).lower(2, 3))
                .isInstanceOf(ShapeException.class)
                .hasMessage("attention mask: lengths of 2 batch rows are needed, but got 1");
        assertThatThrownBy(() -> AttentionMask.Segments.of(new int[][] {{1}}).lower(1, 3))
                .isInstanceOf(ShapeException.class)
                .hasMessage("attention mask: segment ids of 3 tokens are needed, but got 1");
        assertThatThrownBy(() -> new AttentionMask.Given(2, 3, new BitSet()).lower(3, 3))
                .isInstanceOf(ShapeException.class)
                .hasMessage("attention mask: bits for [3 or 1, 3, 3] are needed, but got [2, 3, 3]");
        assertThatThrownBy(() -> FULL.lower(1, 3, new int[] {2, 1}))
                .isInstanceOf(ShapeException.class)
                .hasMessage("attention mask: query rows must ascend within [0, 3), but got 1 at 1");
    }
}
