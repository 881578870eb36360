package org.panamask.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class AnnealingDrawTest {
    private static final long KEY = 0x0123456789ABCDEFL;

    private static boolean[] open(double ratio, int i, int from, int to) {
        boolean[] open = new boolean[to - from];
        AnnealingDraw.open(open, KEY, AnnealingDraw.threshold(ratio), i, new AnnealingDraw.Span(from, to));
        return open;
    }

    private static int draw(int i, int j) {
        int[] words = new int[4];
        Philox.rounds(7, words, KEY, i | (long) ((j >> 5) * 4 + (j >> 1 & 3)) << 32, 0);
        int field = (j >> 3 & 3) * 2 + (j & 1);
        return words[field / 2] >>> field % 2 * 16 & 0xFFFF;
    }

    @Test
    void eachElementTakesTheFieldOfItsPlaceInTheFragment() {
        for (int i = 0; i < 5; i++) {
            boolean[] open = open(0.37, i, 0, 100);
            for (int j = 0; j < 100; j++) {
                assertThat(open[j]).as("(%d, %d)", i, j).isEqualTo(draw(i, j) < AnnealingDraw.threshold(0.37));
            }
        }
    }

    @Test
    void theFirstDrawsAreTheseForEver() {
        int[] draws = new int[8];
        Arrays.setAll(draws, j -> draw(3, j));
        assertThat(draws).containsExactly(30986, 51007, 19942, 35462, 10525, 2892, 32720, 35454);
    }

    @Test
    void aSpanIsACutOutOfTheWhole() {
        boolean[] whole = open(0.5, 9, 0, 130);
        assertThat(open(0.5, 9, 31, 97)).containsExactly(Arrays.copyOfRange(whole, 31, 97));
        assertThat(open(0.5, 9, 64, 64)).isEmpty();
    }

    @Test
    void aLargerRatioKeepsWhatWasOpen() {
        boolean[] fewer = open(0.2, 4, 0, 500);
        boolean[] more = open(0.6, 4, 0, 500);
        for (int j = 0; j < 500; j++) {
            assertThat(more[j] || !fewer[j]).isTrue();
        }
    }

    @Test
    void ratiosZeroAndOneCloseAndOpenEverything() {
        assertThat(open(0, 1, 0, 300)).containsOnly(false);
        assertThat(open(1, 1, 0, 300)).containsOnly(true);
    }

    @Test
    void theShareOfOpenKeysIsTheRatio() {
        int count = 0;
        for (int i = 0; i < 200; i++) {
            for (boolean each : open(0.3, i, 0, 500)) {
                count += each ? 1 : 0;
            }
        }
        // 100,000 draws: four standard deviations are 0.0058.
        assertThat(count / 100_000.0).isBetween(0.294, 0.306);
    }
}
