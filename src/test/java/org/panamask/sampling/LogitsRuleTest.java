package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.panamask.config.Settings;

class LogitsRuleTest {
    private static final Offset<Double> NEAR = Offset.offset(1e-12);
    private static final SamplerTokens TOKENS = new SamplerTokens(4, 0, List.of(0, 1), List.of());

    private static LogitsRule rule(Map<String, ?> keys) {
        return LogitsRule.of(Settings.of(BlockSettings.class, keys), TOKENS, false);
    }

    private static double[] logits(double... probabilities) {
        return Arrays.stream(probabilities).map(Math::log).toArray();
    }

    private static int first(double[] logits, double[] probabilities) {
        return 0;
    }

    @Test
    void theMaskIsNeverChosen() {
        LogitsRule.Chosen chosen = rule(Map.of()).choose(logits(0.1, 0.1, 0.1, 0.2, 0.5), LogitsRuleTest::first);

        assertThat(chosen.token()).isEqualTo(3);
        assertThat(chosen.score()).isCloseTo(0.4, NEAR);
    }

    @Test
    void equalLogitsGiveTheLowestId() {
        assertThat(rule(Map.of())
                        .choose(logits(0.1, 0.3, 0.3, 0.3, 0), LogitsRuleTest::first)
                        .token())
                .isEqualTo(1);
    }

    @Test
    void confidenceIsOfTheRawLogitsUnlessItIsAskedOfTheFiltered() {
        Map<String, Object> keys = Map.of("temperature", 0.5, "top_k", 2);
        double[] p = {0.1, 0.2, 0.3, 0.4, 0};

        assertThat(rule(keys).choose(logits(p), (_, _) -> 2).score()).isCloseTo(0.3, NEAR);
        assertThat(rule(Map.of("temperature", 0.5, "top_k", 2, "confidence_from", "filtered"))
                        .choose(logits(p), (_, _) -> 2)
                        .score())
                .isCloseTo(0.09 / 0.25, NEAR);
    }

    @Test
    void marginAndEntropyAreOfTheDistribution() {
        double[] p = {0.5, 0.25, 0.25, 0, 0};

        assertThat(rule(Map.of("alg", "topk_margin"))
                        .choose(logits(p), LogitsRuleTest::first)
                        .score())
                .isCloseTo(0.25, NEAR);
        assertThat(rule(Map.of("alg", "entropy"))
                        .choose(logits(p), LogitsRuleTest::first)
                        .score())
                .isCloseTo(-1.5 * Math.log(2), Offset.offset(1e-8));
    }

    @Test
    void whatCountsForNothingInTheConfidenceMayStillBeChosen() {
        LogitsRule rule = rule(Map.of("confidence_eos_eot_inf", true));

        LogitsRule.Chosen end = rule.choose(logits(0.5, 0.1, 0.3, 0.1, 0), LogitsRuleTest::first);
        assertThat(end.token()).isZero();
        assertThat(end.score()).isZero();
        LogitsRule.Chosen word = rule.choose(logits(0.2, 0.1, 0.4, 0.3, 0), LogitsRuleTest::first);
        assertThat(word.token()).isEqualTo(2);
        assertThat(word.score()).isCloseTo(0.4 / 0.7, NEAR);
    }

    @Test
    void suppressedTokensAreGoneFromBoth() {
        LogitsRule.Chosen chosen = rule(Map.of("suppress_tokens", "[eos, 2]"))
                .choose(logits(0.5, 0.1, 0.3, 0.1, 0), LogitsRuleTest::first);

        assertThat(chosen.token()).isEqualTo(1);
        assertThat(chosen.score()).isCloseTo(0.5, NEAR);
    }

    @Test
    void theTokenIsTheFirstWhoseMassExceedsTheNumber() {
        double[] p = {0.25, 0, 0.5, 0.25};

        assertThat(LogitsRule.drawn(p, 0)).isZero();
        assertThat(LogitsRule.drawn(p, 0.25)).isEqualTo(2);
        assertThat(LogitsRule.drawn(p, 0.999)).isEqualTo(3);
        assertThat(LogitsRule.drawn(p, 1)).isEqualTo(3);
    }
}
