package org.panamask.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.panamask.model.Tiny;
import org.panamask.tensor.AttentionMask;

final class LogLikelihoodTest {
    private static final int MASK = 95;
    private static final ScoredText TEXT = ScoredText.answer(new int[] {1, 20, 30}, new int[] {40, 50, 60}, 7);

    private static PatternScorer scorer(Tiny tiny, double cfgScale, int rows) {
        return new PatternScorer(
                tiny.model(), tiny, new PatternScorer.Guess(MASK, Alignment.SHIFTED_IN_PLACE, cfgScale), rows);
    }

    private static BitSet bits(int... set) {
        BitSet bits = new BitSet();
        for (int one : set) {
            bits.set(one);
        }
        return bits;
    }

    @Test
    void countsAreSpreadOverAllOfThem() {
        assertThat(MaskDraws.Counts.stratified(3, 8, 5)).containsExactly(3, 4, 4, 5, 1, 1, 2, 2);
        assertThat(MaskDraws.Counts.stratified(5, 1, 5)).containsExactly(5);
        assertThat(MaskDraws.Counts.stratified(1, 4, 1)).containsExactly(1, 1, 1, 1);

        List<MaskDraws.Draw> draws = new MaskDraws.Counts(9, new Noise(3)).batch(TEXT, 0);

        assertThat(draws)
                .extracting(draw -> draw.pattern().hidden().cardinality())
                .containsOnly(1, 2, 3);
        assertThat(draws)
                .allMatch(draw -> draw.rate() == draw.pattern().hidden().cardinality() / 3f
                        && draw.pattern().asked().equals(draw.pattern().hidden()));
    }

    @Test
    void everySubsetOfOneCountIsAsLikely() {
        MaskDraws draws = new MaskDraws.Counts(3, new Noise(3));
        int[] found = new int[3];
        for (int number = 0; number < 3000; number++) {
            for (MaskDraws.Draw draw : draws.batch(TEXT, number)) {
                if (draw.pattern().hidden().cardinality() == 1) {
                    found[draw.pattern().hidden().nextSetBit(0)]++;
                }
            }
        }
        assertThat(Arrays.stream(found)).allMatch(count -> count > 900 && count < 1100);
    }

    @Test
    void dreamsTimesAreSpreadAndTheEndsOfTheTextStayClean() {
        NoiseSource noise = (purpose, _, _, _) -> purpose == NoisePurpose.TIME ? 0.5f : 0;
        ScoredText whole = ScoredText.of(new int[] {5, 6, 7, 8}, new int[] {0, 1, 2, 3}, 0);

        List<MaskDraws.Draw> draws = new MaskDraws.Times(4, 0.5, noise).batch(whole, 0);

        assertThat(draws).extracting(MaskDraws.Draw::rate).containsExactly(0.75f, 0.875f, 0.5f, 0.625f);
        assertThat(draws).allMatch(draw -> draw.pattern().hidden().equals(bits(1, 2)));
    }

    @Test
    void equalRowsAreComputedOnce() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            LogLikelihood.MonteCarlo estimate =
                    new LogLikelihood.MonteCarlo(scorer(tiny, 0, 4), new MaskDraws.Counts(8, new Noise(1)), 16);
            Set<MaskPattern> distinct = new HashSet<>();
            List<Double> batches = new ArrayList<>();
            for (int number = 0; number < 16; number++) {
                double sum = 0;
                for (MaskDraws.Draw draw : estimate.draws().batch(TEXT, number)) {
                    distinct.add(draw.pattern());
                    LogLikelihood.Estimate alone = new LogLikelihood.MonteCarlo(scorer(tiny, 0, 1), estimate.draws(), 1)
                            .of(TEXT, List.of(List.of(draw)));
                    sum += alone.nll();
                }
                batches.add(sum / 8);
            }

            LogLikelihood.Estimate got = estimate.of(TEXT);

            assertThat(got.rows()).isEqualTo(128);
            assertThat(got.computed()).isEqualTo(distinct.size()).isLessThanOrEqualTo(7);
            assertThat(got.batches()).hasSize(16);
            for (int number = 0; number < 16; number++) {
                assertThat(got.batches().get(number)).isCloseTo(batches.get(number), within(1e-4));
            }
        }
    }

    @Test
    void oneTokenIsOneRow() {
        ScoredText one = ScoredText.answer(new int[] {1, 20, 30}, new int[] {40}, 7);
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            LogLikelihood.Estimate got =
                    new LogLikelihood.MonteCarlo(scorer(tiny, 0, 4), new MaskDraws.Counts(8, new Noise(1)), 16).of(one);
            assertThat(got.computed()).isEqualTo(1);
            assertThat(got.standardError()).isCloseTo(0, within(1e-12));
            assertThat(new LogLikelihood.Chain(scorer(tiny, 0, 4), false)
                            .of(one)
                            .nll())
                    .isEqualTo(got.nll(), within(1e-12));
        }
    }

    @Test
    void theErrorIsThatOfTheMeanOfTheBatches() {
        LogLikelihood.Estimate estimate = new LogLikelihood.Estimate(3, List.of(1.0, 3.0, 5.0), 24, 9);
        assertThat(estimate.standardError()).isEqualTo(2 / Math.sqrt(3), within(1e-12));
        assertThat(new LogLikelihood.Estimate(3, List.of(3.0), 8, 3).standardError())
                .isNaN();
    }

    @Test
    void guidanceOfScaleZeroIsNone() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            LogLikelihood.Chain plain = new LogLikelihood.Chain(scorer(tiny, 0, 2), false);
            LogLikelihood.Chain nearly = new LogLikelihood.Chain(scorer(tiny, 1e-9, 2), false);
            LogLikelihood.Chain guided = new LogLikelihood.Chain(scorer(tiny, 1.5, 2), false);
            double want = plain.of(TEXT).nll();
            assertThat(nearly.of(TEXT).nll()).isCloseTo(want, within(1e-4));
            assertThat(Math.abs(guided.of(TEXT).nll() - want)).isGreaterThan(1e-4);
        }
    }

    @Test
    void theGreedySuffixIsWrittenByItsOwnModelOnly() {
        try (Tiny tiny = Tiny.open("llama-tiny")) {
            GreedySuffix greedy = new GreedySuffix(tiny.model(), tiny, MASK, Alignment.SHIFTED_IN_PLACE);
            Predicate<int[]> always = _ -> true;
            List<int[]> canvases = greedy.canvases(TEXT, always);
            assertThat(canvases).hasSize(4);
            int[] written = canvases.getLast();
            int[] answer = {written[3], written[4], written[5]};
            assertThat(greedy.writes(ScoredText.answer(new int[] {1, 20, 30}, answer, 0)))
                    .isTrue();
            answer[1] = answer[1] == 9 ? 8 : 9;
            assertThat(greedy.writes(ScoredText.answer(new int[] {1, 20, 30}, answer, 0)))
                    .isFalse();
        }
    }

    @Test
    void aRowIsReadWithoutItsFilling() {
        TokenRows rows = TokenRows.of(2, 4, new int[] {1, 5, 6, 0, 7, 8, 9, 3}, new boolean[] {
                    false, true, true, false, true, true, true, true
                })
                .withSamples(4, 9)
                .withVisible(new AttentionMask.Lengths(List.of(3, 4)));
        ScoredText first = ScoredText.row(rows, 0, Alignment.SHIFTED).orElseThrow();
        assertThat(first.ids()).containsExactly(1, 5, 6);
        assertThat(first.columns()).containsExactly(1, 2);
        assertThat(first.sample()).isEqualTo(4);
        assertThat(ScoredText.row(rows, 1, Alignment.SHIFTED).orElseThrow().columns())
                .containsExactly(1, 2, 3);
        assertThat(ScoredText.row(rows, 1, Alignment.OWN).orElseThrow().scored())
                .isEqualTo(4);
        TokenRows one = TokenRows.of(1, 1, new int[] {5}, new boolean[] {true});
        assertThat(ScoredText.row(one, 0, Alignment.SHIFTED)).isEmpty();
    }

    @Test
    void textsWithoutScoredTokensAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScoredText.answer(new int[] {1}, new int[0], 0))
                .withMessage("scored text: at least one token must be scored, but got none");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScoredText.of(new int[] {1, 2}, new int[] {1, 1}, 0))
                .withMessage("scored text: columns must ascend within 2 tokens, but got 1 at 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScoredText.of(new int[] {1, 2}, new int[] {2}, 0))
                .withMessage("scored text: columns must ascend within 2 tokens, but got 2 at 0");
    }
}
