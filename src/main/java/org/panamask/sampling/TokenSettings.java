package org.panamask.sampling;

import java.util.List;
import java.util.Optional;
import org.panamask.config.Alias;
import org.panamask.config.Key;
import org.panamask.config.Require;

/// Which token a column gets, and how sure that is.
///
/// @param temperature divides the logits
/// @param topP keeps the likeliest tokens up to this probability
/// @param topK keeps this many of what top-p leaves
/// @param seed of the random numbers
/// @param confidenceFrom the distribution that confidence is taken of; the model's own way when it is left out
/// @param suppressTokens ids that are never chosen
/// @param confidenceSuppressTokens ids that count for nothing in the confidence
/// @param suppressMaskToken whether the mask token can never be chosen
public record TokenSettings(
        @Key(
                value = "0.0",
                doc = "divides the logits before a token is drawn; 0 takes the likeliest",
                aliases = @Alias("temp"))
        double temperature,

        @Key(
                value = "1.0",
                doc = "keep the likeliest tokens up to this total probability, above 0 and at most 1; 1 keeps all")
        double topP,

        @Key(value = "0", doc = "keep this many of the likeliest tokens that top_p leaves; 0 keeps all")
        int topK,

        @Key(value = "0", doc = "seed of the random numbers")
        long seed,

        @Key(
                doc = "whether confidence is taken of the logits as they are (raw, as in LLaDA) or after temperature,"
                        + " top_p and top_k (filtered, as in Dream); without this key raw, or filtered where hidden"
                        + " states are shifted")
        Optional<Basis> confidenceFrom,

        @Key(
                value = "[]",
                doc = "tokens that are never chosen: ids, eos for the end of text, eot for the ends of turns",
                aliases =
                        @Alias(
                                value = "logits_eos_inf",
                                meaning = {"true = [eos]", "false = []"}))
        List<String> suppressTokens,

        @Key(
                value = "[]",
                doc = "tokens that open last because they count for nothing in the confidence, though they may be"
                        + " chosen: ids, eos, eot",
                aliases = {
                    @Alias("begin_suppress_tokens"),
                    @Alias(
                            value = "confidence_eos_eot_inf",
                            meaning = {"true = [eos, eot]", "false = []"})
                })
        List<String> confidenceSuppressTokens,

        @Key(value = "true", doc = "never choose the mask token itself")
        boolean suppressMaskToken) {
    /// The distribution that confidence is taken of.
    public enum Basis {
        /// The softmax of the logits.
        RAW,
        /// What tokens are drawn from.
        FILTERED
    }

    /// Checks the ranges and keeps its own copies.
    public TokenSettings {
        Require.notNegative("temperature", temperature);
        Require.that(topP > 0 && topP <= 1, "top_p must be above 0 and at most 1, not " + topP);
        Require.atLeast("top_k", topK, 0);
        suppressTokens = TokenNames.checked("suppress_tokens", suppressTokens);
        confidenceSuppressTokens = TokenNames.checked("confidence_suppress_tokens", confidenceSuppressTokens);
    }
}
