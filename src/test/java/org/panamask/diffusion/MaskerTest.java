package org.panamask.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class MaskerTest {
    private static final int MASK = 99;

    @Test
    void onlyMaskableTokensAreHidden() {
        boolean[] maskable = {false, true, true, false};
        TokenRows rows = TokenRows.of(1, 4, new int[] {1, 2, 3, 4}, maskable);

        Corrupted noisy = new Masker(MASK, 1e-3, new Noise(0)).corrupt(rows, 1, 0);

        assertThat(noisy.ids()).containsExactly(1, MASK, MASK, 4);
        assertThat(noisy.masked()).containsExactly(false, true, true, false);
        assertThat(rows.ids()).containsExactly(1, 2, 3, 4);
    }

    @Test
    void timesStayWithinEpsilonAndOne() {
        TokenRows rows = TokenRows.of(2, 1, new int[] {5, 5}, new boolean[] {true, true});
        NoiseSource ends = (_, sample, _, _) -> sample == 0 ? 0 : Math.nextDown(1f);

        Corrupted noisy = new Masker(MASK, 1e-3, ends).corrupt(rows, 0);

        assertThat(noisy.times()).containsExactly(1e-3f, 0.99999994f);
        assertThat(noisy.weight(0)).isEqualTo(1.0 / 1e-3f);
    }

    @Test
    void noiseDependsOnTheSampleAndNotOnItsPlace() {
        int[] ids = new int[40];
        boolean[] maskable = new boolean[40];
        Arrays.fill(maskable, true);
        Masker masker = new Masker(MASK, 1e-3, new Noise(3));
        Corrupted both = masker.corrupt(TokenRows.of(2, 20, ids, maskable).withSamples(8, 5), 4);
        Corrupted alone = masker.corrupt(
                TokenRows.of(1, 20, new int[20], Arrays.copyOf(maskable, 20)).withSamples(5), 4);

        assertThat(Arrays.copyOfRange(both.ids(), 20, 40)).containsExactly(alone.ids());
        assertThat(both.times()[1]).isEqualTo(alone.times()[0]);
    }

    @Test
    void rowsOfTheWrongSizeAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenRows.of(2, 3, new int[6], new boolean[5]))
                .withMessage("token rows: ids and maskable must be 2 x 3, but got 6 and 5");
    }
}
