package org.panamask.sampling;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.panamask.config.Alias;
import org.panamask.config.Key;
import org.panamask.config.Require;

/// How many columns of a block open in a step, or which.
///
/// @param transfer the rule
/// @param eps where the times of `timestep` end
/// @param threshold the confidence from which candidates open
/// @param thresholdStrict whether the confidence must be above the threshold
/// @param factor of the rule `factor`
/// @param entropyBound of the rule `entropy_bound`
/// @param lowThreshold of the rule `hierarchy`
/// @param creditAlpha of the rule `credit`: how much credit counts
/// @param creditGamma of the rule `credit`: the power of a probability that becomes credit
/// @param creditBeta of the rule `credit`: what is left of credit after a step
/// @param stochasticTransfer whether counts are drawn
public record TransferSettings(
        @Key(
                value = "auto",
                doc = "how many columns open in a step: in equal parts (quota), by times from 1 to eps as in Dream"
                        + " (timestep), by a noise schedule (alpha_linear, alpha_cosine); or which: all surer than"
                        + " threshold (threshold), a prefix of the surest (factor), while entropies sum up to a bound"
                        + " (entropy_bound), the surest of each run of masks (hierarchy), by threshold with credit"
                        + " from earlier steps (credit), by threshold at most so many a step as Dream in Fast-dLLM"
                        + " (budget); auto takes the rule whose key is set, else quota, or timestep where hidden"
                        + " states are shifted",
                aliases = {
                    @Alias("schedule"),
                    @Alias(
                            value = "scheduler",
                            meaning = {"linear = alpha_linear", "cosine = alpha_cosine"})
                })
        Rule transfer,

        @Key(doc = "where the times of transfer timestep end, between 0 and 1, both excluded; 1e-3 when left out")
        Optional<Double> eps,

        @Key(
                doc = "open every candidate whose token has at least this probability, and always the surest; above 0"
                        + " and at most 1")
        Optional<Double> threshold,

        @Key(value = "false", doc = "open what is above threshold instead of at least threshold")
        boolean thresholdStrict,

        @Key(
                doc = "open the longest prefix of the surest n candidates that have probabilities of at least"
                        + " 1 - factor / (n + 1); above 0")
        Optional<Double> factor,

        @Key(
                doc = "open candidates in order of entropy while those before sum up to at most this many nats; at"
                        + " least 0",
                aliases = @Alias("gamma"))
        Optional<Double> entropyBound,

        @Key(
                doc =
                        "least probability of the surest candidate of a run of masks in transfer hierarchy; dInfer takes 0.4")
        Optional<Double> lowThreshold,

        @Key(doc = "how much credit counts in transfer credit, at least 0; dInfer takes 0.7")
        Optional<Double> creditAlpha,

        @Key(
                doc = "power of a probability that becomes credit in transfer credit, at least 0; dInfer takes 0.2",
                aliases = @Alias("boost_gamma"))
        Optional<Double> creditGamma,

        @Key(
                doc = "share of credit that is left after a step in transfer credit, from 0 to 1; dInfer takes 0.8",
                aliases = @Alias("decay_beta"))
        Optional<Double> creditBeta,

        @Key(value = "false", doc = "draw the counts of alpha_linear and alpha_cosine instead of rounding them")
        boolean stochasticTransfer) {
    /// How many columns open in a step, or which.
    public enum Rule {
        /// What the keys that are set ask for, else the model's own.
        AUTO,
        /// In equal parts.
        QUOTA,
        /// By times that fall from 1.
        TIMESTEP,
        /// By the schedule `alpha(t) = 1 - t`.
        ALPHA_LINEAR,
        /// By the schedule `alpha(t) = 1 - cos(pi / 2 * (1 - t))`.
        ALPHA_COSINE,
        /// All that are sure enough.
        THRESHOLD,
        /// A prefix of the surest.
        FACTOR,
        /// While entropies sum up to at most a bound.
        ENTROPY_BOUND,
        /// The surest of each run of masks.
        HIERARCHY,
        /// By threshold, with credit from earlier steps.
        CREDIT,
        /// By threshold, at most so many a step.
        BUDGET;

        /// Whether the number of columns is known before the model is asked.
        boolean isCounted() {
            return switch (this) {
                case QUOTA, TIMESTEP, ALPHA_LINEAR, ALPHA_COSINE -> true;
                case AUTO, THRESHOLD, FACTOR, ENTROPY_BOUND, HIERARCHY, CREDIT, BUDGET -> false;
            };
        }

        /// Whether it falls with a time, so that a step has a share.
        boolean hasShares() {
            return this == TIMESTEP || this == ALPHA_LINEAR || this == ALPHA_COSINE;
        }
    }

    /// Where the times of Dream end.
    private static final double USUAL_END = 1e-3;

    /// Where the times of `timestep` end.
    double end() {
        return eps.orElse(USUAL_END);
    }

    /// Checks the ranges, and that no key is set that another rule than the chosen one has.
    public TransferSettings {
        eps.ifPresent(value ->
                Require.that(value > 0 && value < 1, "eps must be between 0 and 1, both excluded, not " + value));
        threshold.ifPresent(value ->
                Require.that(value > 0 && value <= 1, "threshold must be above 0 and at most 1, not " + value));
        factor.ifPresent(value -> Require.positive("factor", value));
        entropyBound.ifPresent(value -> Require.notNegative("entropy_bound", value));
        lowThreshold.ifPresent(
                value -> Require.that(value >= 0 && value <= 1, "low_threshold must be from 0 to 1, not " + value));
        creditAlpha.ifPresent(value -> Require.notNegative("credit_alpha", value));
        creditGamma.ifPresent(value -> Require.notNegative("credit_gamma", value));
        creditBeta.ifPresent(
                value -> Require.that(value >= 0 && value <= 1, "credit_beta must be from 0 to 1, not " + value));
        Rule rule = transfer != Rule.AUTO
                ? transfer
                : resolve(threshold, factor, entropyBound, eps, lowThreshold, creditAlpha, creditGamma, creditBeta);
        belongs("eps", eps, rule, Rule.TIMESTEP);
        belongs("threshold", threshold, rule, Rule.THRESHOLD, Rule.HIERARCHY, Rule.CREDIT, Rule.BUDGET);
        belongs("factor", factor, rule, Rule.FACTOR);
        belongs("entropy_bound", entropyBound, rule, Rule.ENTROPY_BOUND);
        belongs("low_threshold", lowThreshold, rule, Rule.HIERARCHY);
        belongs("credit_alpha", creditAlpha, rule, Rule.CREDIT);
        belongs("credit_gamma", creditGamma, rule, Rule.CREDIT);
        belongs("credit_beta", creditBeta, rule, Rule.CREDIT);
        Require.that(
                !thresholdStrict || rule == Rule.THRESHOLD || rule == Rule.BUDGET,
                "threshold_strict must be false unless transfer is threshold or budget, not true");
        Require.that(
                !stochasticTransfer || rule == Rule.ALPHA_LINEAR || rule == Rule.ALPHA_COSINE,
                "stochastic_transfer must be false unless transfer is alpha_linear or alpha_cosine, not true");
    }

    /// The rule, [Rule#AUTO] only where nothing says which.
    public Rule rule() {
        return transfer != Rule.AUTO
                ? transfer
                : resolve(threshold, factor, entropyBound, eps, lowThreshold, creditAlpha, creditGamma, creditBeta);
    }

    /// The rule that the keys which are set belong to; the last one that has a key of its own.
    @SafeVarargs
    private static Rule resolve(Optional<Double>... keys) {
        List<Rule> meant = List.of(
                Rule.THRESHOLD,
                Rule.FACTOR,
                Rule.ENTROPY_BOUND,
                Rule.TIMESTEP,
                Rule.HIERARCHY,
                Rule.CREDIT,
                Rule.CREDIT,
                Rule.CREDIT);
        Rule rule = Rule.AUTO;
        for (int n = 0; n < keys.length; n++) {
            rule = keys[n].isPresent() && (rule == Rule.AUTO || n > 3) ? meant.get(n) : rule;
        }
        return rule;
    }

    private static void belongs(String key, Optional<Double> value, Rule rule, Rule... to) {
        Require.that(
                value.isEmpty() || Arrays.asList(to).contains(rule),
                key + " must not be set where transfer is " + rule.name().toLowerCase(Locale.ROOT) + "; it belongs to "
                        + Arrays.stream(to)
                                .map(one -> one.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", ")));
    }
}
