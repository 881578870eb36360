package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.panamask.diffusion.Canvas;
import org.panamask.model.Tiny;
import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.TokenRule;

final class CausalDecoderTest {
    private static final int PAD = 0;
    private static Tiny tiny;

    @BeforeAll
    static void open() {
        tiny = Tiny.open("llama-tiny");
    }

    @AfterAll
    static void close() {
        tiny.close();
    }

    private static int[] row(int length, int... prompt) {
        return Arrays.copyOf(prompt, length);
    }

    @Test
    void everyTokenIsTheLikeliestAfterThoseBefore() {
        int[] ids = new CausalDecoder(tiny.model(), tiny, List.of(), PAD)
                .decode(new int[][] {row(9, 5, 6, 7)}, new int[] {3})
                .ids()
                .getFirst();

        Canvas canvas = Canvas.of(1, 9, ids).withMask(new AttentionMask.Causal());
        int[] next = tiny.run(ops -> ops.ints(
                ops.argmax(tiny.model().hidden(ops, canvas), tiny.model().head(), TokenRule.plain())
                        .tokens()));
        assertThat(Arrays.copyOfRange(ids, 3, 9)).containsExactly(Arrays.copyOfRange(next, 2, 8));
    }

    @Test
    void promptsOfDifferentLengthsShareABatch() {
        CausalDecoder decoder = new CausalDecoder(tiny.model(), tiny, List.of(), PAD);
        int[] first = row(8, 5, 6);
        int[] second = row(11, 9, 8, 7, 6);
        SamplerResult both = decoder.decode(new int[][] {first, second}, new int[] {2, 4});

        assertThat(both.ids().get(1))
                .containsExactly(decoder.decode(new int[][] {second}, new int[] {4})
                        .ids()
                        .getFirst());
        assertThat(both.forwards()).isEqualTo(7);
        assertThat(both.filled()).isEqualTo(13);
    }

    @Test
    void anEndTokenEndsTheRowAndPaddingFollows() {
        List<Integer> everything = IntStream.range(0, 97).boxed().toList();
        SamplerResult result = new CausalDecoder(tiny.model(), tiny, everything, PAD)
                .decode(new int[][] {row(6, 5, 6, 7)}, new int[] {3});

        assertThat(result.forwards()).isEqualTo(1);
        assertThat(result.filled()).isEqualTo(1);
        assertThat(Arrays.copyOfRange(result.ids().getFirst(), 4, 6)).containsOnly(PAD);
    }

    @Test
    void anEmptyPromptIsRefused() {
        CausalDecoder decoder = new CausalDecoder(tiny.model(), tiny, List.of(), PAD);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> decoder.decode(new int[][] {row(6)}, new int[] {0}))
                .withMessage("causal decoder: the prompt of row 0 must have from 1 to 6 tokens, but got 0");
    }
}
