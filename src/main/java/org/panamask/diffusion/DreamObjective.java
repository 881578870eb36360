package org.panamask.diffusion;

import org.panamask.config.Key;
import org.panamask.config.Mode;
import org.panamask.config.Require;
import org.panamask.config.Settings;
import org.panamask.tensor.TokenWeighting;

/// Dream's fine-tuning: times uniform in `[0, 1)`, each answer token hidden with probability `t`, predicted from the
/// hidden state of the column before. End tokens that fill rows belong to the answer.
///
/// @param timeReweighting what the loss of a token is multiplied with
/// @param cartP how near context must be under cart
/// @param tokenReweighting whether hard tokens count more
/// @param alpha scales the loss of reweighted tokens
/// @param gamma how much less easy tokens count
/// @param treatEosAsOne whether the end tokens behind an answer are hidden together
/// @param perbatchCutoff whether the answers of an optimizer step are cut to the length of one of them
/// @param respCutoffRatio how often the end of an optimizer step's rows is cut off
/// @param lossNormalization what the weighted sum is divided by
/// @see <a href="https://github.com/DreamLM/Dream">DreamLM/Dream, src/trainer/fsdp_sft_trainer.py</a>
@Mode(
        value = "dream",
        doc =
                "Dream's masked diffusion on answers, whose filling with end tokens is learnt, weighted by time or context")
public record DreamObjective(
        @Key(
                value = "original",
                doc =
                        "what the loss of a token in a row at time t is multiplied with: 1 / t (original), 1 - t (linear),"
                                + " how much clean context stands near it (cart), or 1 (none)")
        DreamWeighting timeReweighting,

        @Key(
                value = "0.1",
                doc = "how near context must be to count under cart, above 0 and at most 1; clean tokens at distance d"
                        + " count p / 2 * (1 - p)^(d - 1)")
        double cartP,

        @Key(value = "false", doc = "let hard tokens count more: alpha * (1 - exp(-ce))^gamma * ce for each")
        boolean tokenReweighting,

        @Key(value = "0.25", doc = "scales the loss of reweighted tokens, above 0")
        double alpha,

        @Key(value = "2.0", doc = "how much less easy tokens count, at least 0; 0 counts all alike")
        double gamma,

        @Key(value = "false", doc = "hide all end tokens behind an answer together or none of them")
        boolean treatEosAsOne,

        @Key(
                value = "false",
                doc = "cut the answers of an optimizer step to the length of one of them, drawn at random, against a"
                        + " bias to long answers")
        boolean perbatchCutoff,

        @Key(
                value = "0.0",
                doc = "how often the end of an optimizer step's rows is cut off, by fewer columns than its shortest"
                        + " answer has; from 0 to 1, and 0 with perbatch_cutoff")
        double respCutoffRatio,

        @Key(
                value = "reference",
                doc = "divide the loss by the masked tokens of the micro-batch (reference) or by all scored tokens of"
                        + " the optimizer step (token_bound)")
        LossNormalization lossNormalization)
        implements Objective {
    /// Checks the ranges.
    public DreamObjective {
        Require.that(cartP > 0 && cartP <= 1, "cart_p must be above 0 and at most 1, not " + cartP);
        Require.positive("alpha", alpha);
        Require.notNegative("gamma", gamma);
        Require.that(
                respCutoffRatio >= 0 && respCutoffRatio <= 1,
                "resp_cutoff_ratio must be from 0 to 1, not " + respCutoffRatio);
        Require.that(
                !perbatchCutoff || respCutoffRatio == 0,
                "resp_cutoff_ratio must be 0 when objective.perbatch_cutoff is true, not " + respCutoffRatio);
    }

    /// Every key at its default.
    public static DreamObjective defaults() {
        return Settings.defaults(DreamObjective.class);
    }

    /// A copy with one key changed, named as in a recipe: `with("time_reweighting", "cart")`.
    ///
    /// @throws org.panamask.config.SettingException if there is no such key or it does not take `value`
    public DreamObjective with(String key, Object value) {
        return Settings.with(this, key, value);
    }

    /// The loss.
    public DreamLoss loss() {
        return new DreamLoss(timeReweighting, new ContextWeights(cartP), tokenWeighting(), lossNormalization);
    }

    private TokenWeighting tokenWeighting() {
        return tokenReweighting ? new TokenWeighting(alpha, gamma) : TokenWeighting.NONE;
    }
}
