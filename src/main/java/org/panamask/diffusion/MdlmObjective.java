package org.panamask.diffusion;

import java.util.Optional;
import org.panamask.config.Key;
import org.panamask.config.Mode;
import org.panamask.config.Require;
import org.panamask.config.Settings;

/// The masked diffusion of dllm, of documents and of answers: times `t = time_epsilon + (1 - time_epsilon) u`, tokens
/// hidden with probability `1 - alpha(t)`. End tokens that fill rows belong to the answer.
///
/// @param documents whether the rows are whole documents, joined and cut, instead of prompts and answers
/// @param scheduler how much is clean at a time
/// @param lossWeightType whether rows are weighted by their time
/// @param lossNormType what the weighted sum is divided by
/// @param rightShiftLogits whether column i is predicted from the hidden state at i - 1; as in models of the family
///     where it is left out
/// @param timeEpsilon the least time, in (0, 1)
/// @see <a href="https://github.com/ZHZisZZ/dllm">ZHZisZZ/dllm, dllm/core/trainers/mdlm.py</a>
@Mode(
        value = "mdlm",
        doc = "dllm's masked diffusion under a noise schedule, on answers, whose filling with end tokens is learnt, or"
                + " on documents")
public record MdlmObjective(
        @Key(value = "false", doc = "learn whole documents, joined and cut into full rows, instead of answers")
        boolean documents,

        @Key(
                value = "linear",
                doc = "the share of clean tokens at time t: 1 - t (linear) or 1 - cos(pi / 2 * (1 - t)) (cosine)")
        AlphaSchedule scheduler,

        @Key(
                value = "scheduler",
                doc = "weigh each row by -alpha'(t) / (1 - alpha(t)) of its time (scheduler), or all alike (uniform)")
        LossWeightType lossWeightType,

        @Key(
                value = "token",
                doc =
                        "divide the loss by the tokens that can be masked in the micro-batch (token), by those of each row"
                                + " and the rows (sequence), by the rows (batch), or by those of the whole optimizer step"
                                + " (token_bound)")
        LossNormType lossNormType,

        @Key(
                doc = "predict position i from the hidden state at i - 1, and start documents with a begin token; as in"
                        + " models of the family when left out")
        Optional<Boolean> rightShiftLogits,

        @Key(value = "1e-3", doc = "the least time, between 0 and 1, both excluded")
        double timeEpsilon)
        implements Objective {
    /// Checks the range.
    public MdlmObjective {
        Require.that(
                timeEpsilon > 0 && timeEpsilon < 1,
                "time_epsilon must be between 0 and 1, both excluded, not " + timeEpsilon);
    }

    /// Every key at its default.
    public static MdlmObjective defaults() {
        return Settings.defaults(MdlmObjective.class);
    }

    /// A copy with one key changed, named as in a recipe: `with("scheduler", "cosine")`.
    ///
    /// @throws org.panamask.config.SettingException if there is no such key or it does not take `value`
    public MdlmObjective with(String key, Object value) {
        return Settings.with(this, key, value);
    }

    /// Whether column i is predicted from the hidden state at i - 1: not where nothing is said.
    public boolean shifts() {
        return rightShiftLogits.orElse(false);
    }

    /// What a row's time makes of its tokens.
    public RowWeighting weighting() {
        return switch (lossWeightType) {
            case SCHEDULER -> new RowWeighting.Scheduled(scheduler);
            case UNIFORM -> new RowWeighting.Uniform();
        };
    }
}
