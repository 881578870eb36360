package org.panamask.backend.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Values worked out by hand, and every code there is.
class Float8Test {
    @ParameterizedTest
    @CsvSource({
        "E4M3, 1, 1, 0x38",
        "E4M3, -1.0625, -1, 0xB8",
        "E4M3, 1.0626, 1.125, 0x39",
        "E4M3, 1.1875, 1.25, 0x3A",
        "E4M3, 448, 448, 0x7E",
        "E4M3, 433, 448, 0x7E",
        "E4M3, 431, 416, 0x7D",
        "E4M3, 1e9, 448, 0x7E",
        "E4M3, -Infinity, -448, 0xFE",
        "E4M3, NaN, NaN, 0x7F",
        "E4M3, 0.001953125, 0.001953125, 0x01",
        "E4M3, 0.0009765625, 0, 0x00",
        "E4M3, 0.0029296875, 0.00390625, 0x02",
        "E4M3, 0.0151, 0.015625, 0x08",
        "E4M3, -0.0, -0.0, 0x80",
        "E5M2, 1.125, 1, 0x3C",
        "E5M2, 1.375, 1.5, 0x3E",
        "E5M2, 57344, 57344, 0x7B",
        "E5M2, 65000, 57344, 0x7B",
        "E5M2, 1.52587890625e-5, 1.52587890625e-5, 0x01",
        "E5M2, NaN, NaN, 0x7F"
    })
    void numbersAreRoundedToNearestEvenAndSaturate(Float8 type, float value, float rounded, String code) {
        assertThat(Float.valueOf(type.rounded(value))).isEqualTo(Float.valueOf(rounded));
        assertThat(type.code(value)).isEqualTo((byte) Integer.decode(code).intValue());
    }

    @ParameterizedTest
    @EnumSource
    void everyCodeIsItsOwnNearest(Float8 type) {
        for (int code = -128; code < 128; code++) {
            float value = type.value((byte) code);
            if (Float.isFinite(value)) {
                assertThat(type.code(value)).isEqualTo((byte) code);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void noOtherNumberIsNearer(Float8 type) {
        Random random = new Random(7);
        for (int i = 0; i < 2000; i++) {
            float value = (float) (random.nextGaussian() * Math.scalb(1.0, random.nextInt(-20, 12)));
            float distance = Math.abs(value - type.rounded(value));
            for (int code = -128; code < 128; code++) {
                float other = type.value((byte) code);
                assertThat(Float.isFinite(other) && Math.abs(value - other) < distance)
                        .isFalse();
            }
        }
    }

    @Test
    void theScaleIsTheLargestPowerOfTwoThatKeepsAllInRange() {
        assertThat(Float8.E4M3.scale(448)).isEqualTo(1);
        assertThat(Float8.E4M3.scale(449)).isEqualTo(0.5f);
        assertThat(Float8.E4M3.scale(1)).isEqualTo(256);
        assertThat(Float8.E4M3.scale(1.75f)).isEqualTo(256);
        assertThat(Float8.E4M3.scale(1.76f)).isEqualTo(128);
        assertThat(Float8.E5M2.scale(1)).isEqualTo(32_768);
        assertThat(Float8.E4M3.scale(0)).isEqualTo(1);
        assertThat(Float8.E4M3.scale(Float.MIN_VALUE)).isEqualTo(0x1p126f);
        assertThat(Float8.E4M3.scale(Float.MAX_VALUE)).isEqualTo(0x1p-120f);
        assertThat(Float8.E4M3.scale(Float.POSITIVE_INFINITY)).isNaN();
        assertThat(Float8.E5M2.scale(Float.NaN)).isNaN();
    }
}
