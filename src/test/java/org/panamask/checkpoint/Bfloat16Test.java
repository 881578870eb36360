package org.panamask.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Bfloat16Test {
    private static float rounded(float value) {
        return Bfloat16.toFloat(Bfloat16.fromFloat(value));
    }

    @Test
    void everyBitPatternComesBack() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = Bfloat16.toFloat((short) bits);
            if (Float.isNaN(value)) {
                assertThat(rounded(value)).isNaN();
            } else {
                assertThat(Bfloat16.fromFloat(value)).isEqualTo((short) bits);
            }
        }
    }

    @Test
    void tiesGoToTheEvenNeighbour() {
        float step = 1f / 128;
        assertThat(rounded(1 + step / 2)).isEqualTo(1);
        assertThat(rounded(1 + step * 1.5f)).isEqualTo(1 + 2 * step);
        assertThat(rounded(Math.nextUp(1 + step / 2))).isEqualTo(1 + step);
        assertThat(rounded(-(1 + step * 1.5f))).isEqualTo(-(1 + 2 * step));
    }

    @Test
    void valuesPastTheLargestBecomeInfinite() {
        assertThat(rounded(Float.MAX_VALUE)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(rounded(Float.NEGATIVE_INFINITY)).isEqualTo(Float.NEGATIVE_INFINITY);
    }

    @Test
    void aNanWithALowPayloadStaysANan() {
        assertThat(rounded(Float.intBitsToFloat(0x7F800001))).isNaN();
        assertThat(rounded(Float.intBitsToFloat(0xFFFFFFFF))).isNaN();
    }
}
