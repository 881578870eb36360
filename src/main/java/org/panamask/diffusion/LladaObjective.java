package org.panamask.diffusion;

import org.panamask.config.Key;
import org.panamask.config.Mode;
import org.panamask.config.Require;
import org.panamask.config.Settings;

/// LLaDA's training, of documents and of answers: each token is hidden with probability `p = (1 - epsilon) t +
/// epsilon`, `t` uniform for each row; hidden tokens are predicted from their own hidden state and weighted by `1 / p`.
/// End tokens that fill rows belong to the answer.
///
/// @param documents whether the rows are whole documents, joined and cut, instead of prompts and answers
/// @param epsilon the least masking probability, in (0, 1)
/// @param randomLength how often the documents of an optimizer step are cut to a random length
/// @param lossNormType what the weighted sum is divided by
/// @see <a href="https://github.com/ML-GSAI/LLaDA">ML-GSAI/LLaDA, GUIDELINES.md</a>
@Mode(
        value = "llada",
        doc = "LLaDA's masked diffusion on answers, whose filling with end tokens is learnt, or on documents")
public record LladaObjective(
        @Key(value = "false", doc = "learn whole documents, joined and cut into full rows, instead of answers")
        boolean documents,

        @Key(value = "1e-3", doc = "the least masking probability, between 0 and 1, both excluded")
        double epsilon,

        @Key(
                value = "0.01",
                doc = "how often the documents of an optimizer step are cut to a random length, from 0 to 1; answers"
                        + " never are")
        double randomLength,

        @Key(
                value = "sequence",
                doc =
                        "divide the loss by the tokens that can be masked in the micro-batch (token), by those of each row"
                                + " and the rows (sequence), by the rows (batch), or by those of the whole optimizer step"
                                + " (token_bound)")
        LossNormType lossNormType)
        implements Objective {
    /// Checks the ranges.
    public LladaObjective {
        Require.that(epsilon > 0 && epsilon < 1, "epsilon must be between 0 and 1, both excluded, not " + epsilon);
        Require.that(randomLength >= 0 && randomLength <= 1, "random_length must be from 0 to 1, not " + randomLength);
    }

    /// Every key at its default.
    public static LladaObjective defaults() {
        return Settings.defaults(LladaObjective.class);
    }

    /// A copy with one key changed, named as in a recipe: `with("documents", true)`.
    ///
    /// @throws org.panamask.config.SettingException if there is no such key or it does not take `value`
    public LladaObjective with(String key, Object value) {
        return Settings.with(this, key, value);
    }
}
