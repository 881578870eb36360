package org.panamask.diffusion;

import java.util.Optional;
import org.panamask.config.Key;
import org.panamask.config.Mode;
import org.panamask.config.Require;
import org.panamask.config.Settings;
import org.panamask.tensor.TokenWeighting;

/// What the model is trained to do; the `mode` key of a recipe picks one.
public sealed interface Objective
        permits Objective.DdmSft,
                Objective.Ddm,
                Objective.Mgdm,
                LladaObjective,
                DreamObjective,
                MdlmObjective,
                Objective.Autoregressive {
    /// Masked diffusion on prompts and answers: noise the answer, predict its clean tokens, weighted by 1/t.
    ///
    /// @param shift whether position i is predicted from the hidden state at i - 1; as in models of the family
    ///     where it is left out
    /// @param epsilon the least masking probability, in (0, 1)
    /// @param annealSteps optimizer steps over which attention opens from causal to full; 0 and 1 open it at once
    /// @param lossNormalization what the weighted sum is divided by
    @Mode(value = "ddm-sft", doc = "masked diffusion on the answers of prompt and answer rows")
    record DdmSft(
            @Key(
                    doc = "predict position i from the hidden state at i - 1, as models that were causal need; as in"
                            + " models of the family when left out")
            Optional<Boolean> shift,

            @Key(value = "1e-3", doc = "the least masking probability, between 0 and 1, both excluded")
            double epsilon,

            @Key(
                    value = "1",
                    doc = "optimizer steps over which attention opens from causal to full; 0 and 1 open it at once")
            int annealSteps,

            @Key(
                    value = "reference",
                    doc = "divide the loss by the masked tokens of the micro-batch (reference) or by all scored tokens"
                            + " of the optimizer step (token_bound)")
            LossNormalization lossNormalization)
            implements Objective {
        /// The same with the shift given.
        public DdmSft(boolean shift, double epsilon, int annealSteps, LossNormalization lossNormalization) {
            this(Optional.of(shift), epsilon, annealSteps, lossNormalization);
        }

        /// Checks the ranges.
        public DdmSft {
            checkEpsilon(epsilon);
            checkAnnealSteps(annealSteps);
        }

        /// Which hidden state predicts a column: that of the column before where nothing is said.
        public Alignment alignment() {
            return Alignment.of(shift.orElse(true));
        }

        /// Every key at its default.
        public static DdmSft defaults() {
            return Settings.defaults(DdmSft.class);
        }

        /// A copy with one key changed, named as in a recipe: `with("shift", false)`.
        ///
        /// @throws org.panamask.config.SettingException if there is no such key or it does not take `value`
        public DdmSft with(String key, Object value) {
            return Settings.with(this, key, value);
        }
    }

    /// Masked diffusion on whole documents: every token can be masked.
    ///
    /// @param shift whether position i is predicted from the hidden state at i - 1; as in models of the family
    ///     where it is left out
    /// @param epsilon the least masking probability, in (0, 1)
    /// @param annealSteps optimizer steps over which attention opens from causal to full; 0 and 1 open it at once
    /// @param lossNormalization what the weighted sum is divided by
    /// @param packing whether documents are joined and cut into full rows
    @Mode(value = "ddm", doc = "masked diffusion on whole documents, to turn a causal model into a diffusion model")
    record Ddm(
            @Key(
                    doc = "predict position i from the hidden state at i - 1, as models that were causal need; as in"
                            + " models of the family when left out")
            Optional<Boolean> shift,

            @Key(value = "1e-3", doc = "the least masking probability, between 0 and 1, both excluded")
            double epsilon,

            @Key(
                    value = "10000",
                    doc = "optimizer steps over which attention opens from causal to full; 0 and 1 open it at once")
            int annealSteps,

            @Key(
                    value = "reference",
                    doc = "divide the loss by the masked tokens of the micro-batch (reference) or by all scored tokens"
                            + " of the optimizer step (token_bound)")
            LossNormalization lossNormalization,

            @Key(value = "true", doc = "join documents and cut them into full rows instead of one document a row")
            boolean packing)
            implements Objective {
        /// The same with the shift given.
        public Ddm(
                boolean shift, double epsilon, int annealSteps, LossNormalization lossNormalization, boolean packing) {
            this(Optional.of(shift), epsilon, annealSteps, lossNormalization, packing);
        }

        /// Checks the ranges.
        public Ddm {
            checkEpsilon(epsilon);
            checkAnnealSteps(annealSteps);
        }

        /// Which hidden state predicts a column: that of the column before where nothing is said.
        public Alignment alignment() {
            return Alignment.of(shift.orElse(true));
        }

        /// Every key at its default.
        public static Ddm defaults() {
            return Settings.defaults(Ddm.class);
        }
    }

    /// Multi-granularity masked diffusion on prompts and answers: whole times, hard tokens count more, column 0 is
    /// predicted too. Rows have no begin token.
    ///
    /// @param diffusionSteps the number of times a row can have
    /// @param tokenReweighting whether hard tokens count more
    /// @param alpha scales the loss of reweighted tokens
    /// @param gamma how much less easy tokens count
    /// @param timeReweighting what the loss of a row is multiplied with
    /// @param lossNormalization what the weighted sum is divided by
    @Mode(value = "mgdm", doc = "multi-granularity masked diffusion on the answers of prompt and answer rows")
    record Mgdm(
            @Key(
                    value = "20",
                    doc = "how many times a row can have, at least 1; at the last all of the answer is masked")
            int diffusionSteps,

            @Key(value = "true", doc = "let hard tokens count more: alpha * (1 - exp(-ce))^gamma * ce for each")
            boolean tokenReweighting,

            @Key(value = "0.25", doc = "scales the loss of reweighted tokens, above 0")
            double alpha,

            @Key(value = "1.0", doc = "how much less easy tokens count, at least 0; 0 counts all alike")
            double gamma,

            @Key(
                    value = "linear",
                    doc = "what the loss of a row at time t is multiplied with: 1 / (t + 1) (original), the number of"
                            + " times less t (linear) or 1 (none)")
            TimeWeighting timeReweighting,

            @Key(
                    value = "reference",
                    doc = "divide the loss by the masked tokens of the micro-batch (reference) or by all scored tokens"
                            + " of the optimizer step (token_bound)")
            LossNormalization lossNormalization)
            implements Objective {
        /// Checks the ranges.
        public Mgdm {
            Require.atLeast("diffusion_steps", diffusionSteps, 1);
            Require.positive("alpha", alpha);
            Require.notNegative("gamma", gamma);
        }

        /// Every key at its default.
        public static Mgdm defaults() {
            return Settings.defaults(Mgdm.class);
        }

        /// A copy with one key changed, named as in a recipe: `with("gamma", 2.0)`.
        ///
        /// @throws org.panamask.config.SettingException if there is no such key or it does not take `value`
        public Mgdm with(String key, Object value) {
            return Settings.with(this, key, value);
        }

        /// How a token's cross entropy counts.
        public TokenWeighting tokenWeighting() {
            return tokenReweighting ? new TokenWeighting(alpha, gamma) : TokenWeighting.NONE;
        }
    }

    /// Next-token prediction under causal attention: the baseline, and the way to pretrain small models. The loss
    /// is the mean cross entropy over the answer tokens, or over all tokens of documents.
    ///
    /// @param documents whether the rows are whole documents, packed, instead of prompts and answers
    @Mode(value = "ar", doc = "next-token prediction under causal attention, the baseline")
    record Autoregressive(
            @Key(value = "false", doc = "learn whole documents, joined and cut into full rows, instead of answers")
            boolean documents)
            implements Objective {
        /// Every key at its default.
        public static Autoregressive defaults() {
            return Settings.defaults(Autoregressive.class);
        }
    }

    /// The same with what it leaves to the model's family filled in: `own` is how diffusion models of it predict.
    default Objective alignedAs(Alignment own) {
        boolean shifted = own != Alignment.OWN;
        return switch (this) {
            case DdmSft sft
            when sft.shift().isEmpty() ->
                new DdmSft(shifted, sft.epsilon(), sft.annealSteps(), sft.lossNormalization());
            case Ddm ddm
            when ddm.shift().isEmpty() ->
                new Ddm(shifted, ddm.epsilon(), ddm.annealSteps(), ddm.lossNormalization(), ddm.packing());
            case MdlmObjective mdlm when mdlm.rightShiftLogits().isEmpty() -> mdlm.with("right_shift_logits", shifted);
            case DdmSft _, Ddm _, Mgdm _, LladaObjective _, DreamObjective _, MdlmObjective _, Autoregressive _ -> this;
        };
    }

    private static void checkEpsilon(double epsilon) {
        Require.that(epsilon > 0 && epsilon < 1, "epsilon must be between 0 and 1, both excluded, not " + epsilon);
    }

    private static void checkAnnealSteps(int annealSteps) {
        Require.atLeast("anneal_steps", annealSteps, 0);
    }
}
