package org.panamask.sampling;

import org.panamask.config.Alias;
import org.panamask.config.Key;
import org.panamask.config.Require;

/// Which columns of a block open first.
///
/// @param alg what they are ordered by
/// @param algTemp how far the order is left to chance; 0 for not at all
public record OrderSettings(
        @Key(
                value = "low_confidence",
                doc = "which columns open first: the surest (low_confidence, also maskgit_plus), those whose best token"
                        + " leads the second by most (topk_margin), those of least entropy (entropy), any (random),"
                        + " or each by chance (origin)",
                aliases = {
                    @Alias("remasking"),
                    @Alias("algorithm"),
                    @Alias(
                            value = "diffusion_algorithm",
                            meaning = {
                                "0 = origin",
                                "1 = entropy",
                                "2 = topk_margin",
                                "3 = random",
                                "4 = low_confidence"
                            })
                })
        Algorithm alg,

        @Key(
                value = "0.0",
                doc = "draw the columns by softmax(confidence / alg_temp) instead of taking the surest; 0 takes them")
        double algTemp) {
    /// What columns are ordered by.
    public enum Algorithm {
        /// The probability of their token.
        LOW_CONFIDENCE,
        /// The same, in Dream's words.
        MASKGIT_PLUS,
        /// The lead of the best token over the second.
        TOPK_MARGIN,
        /// The negative entropy.
        ENTROPY,
        /// Chance.
        RANDOM,
        /// Each column opens by chance, independently of the others.
        ORIGIN;

        /// Whether columns are known before the model is asked.
        boolean isBlind() {
            return this == RANDOM || this == ORIGIN;
        }

        /// Whether it is the probability of the token.
        boolean isTokenProbability() {
            return this == LOW_CONFIDENCE || this == MASKGIT_PLUS;
        }
    }

    /// Checks the ranges.
    public OrderSettings {
        Require.notNegative("alg_temp", algTemp);
        Require.that(
                algTemp == 0 || !alg.isBlind(),
                "alg_temp must be 0 where alg leaves the order to chance, not " + algTemp);
    }
}
