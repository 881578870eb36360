package org.panamask.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhiloxTest {
    /// The known answers of Random123's kat_vectors: key, counter (both low word first), words.
    @ParameterizedTest
    @CsvSource({
        "10, 0000000000000000, 0000000000000000, 0000000000000000, 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        "10, ffffffffffffffff, ffffffffffffffff, ffffffffffffffff, 408f276d 41c83b0e a20bc7c6 6d5451fd",
        "10, 299f31d0a4093822, 85a308d3243f6a88, 0370734413198a2e, d16cfe09 94fdcceb 5001e420 24126ea1",
        "7, 0000000000000000, 0000000000000000, 0000000000000000, 5f6fb709 0d893f64 4f121f81 4f730a48",
        "7, ffffffffffffffff, ffffffffffffffff, ffffffffffffffff, 5207ddc2 45165e59 4d8ee751 8c52f662",
        "7, 299f31d0a4093822, 85a308d3243f6a88, 0370734413198a2e, 4dfccaba 190a87f0 c47362ba b6b5242a"
    })
    void wordsAreThoseOfTheReference(int rounds, String key, String counter, String more, String words) {
        int[] drawn = new int[4];
        Philox.rounds(
                rounds,
                drawn,
                Long.parseUnsignedLong(key, 16),
                Long.parseUnsignedLong(counter, 16),
                Long.parseUnsignedLong(more, 16));
        assertThat(Arrays.stream(drawn).mapToObj("%08x"::formatted).collect(Collectors.joining(" ")))
                .isEqualTo(words);
    }

    @Test
    void fillTakesTenRounds() {
        int[] ten = new int[4];
        int[] filled = new int[4];
        Philox.rounds(10, ten, 7, 8, 9);
        Philox.fill(filled, 7, 8, 9);
        assertThat(filled).containsExactly(ten);
    }

    @Test
    void uniformsLieBetweenZeroAndOne() {
        assertThat(Philox.uniform(0)).isZero();
        assertThat(Philox.uniform(-1)).isEqualTo(1 - 0x1p-24f);
        assertThat(Philox.uniform(Integer.MIN_VALUE)).isEqualTo(0.5f);
    }
}
