package org.panamask.train;

import java.util.List;
import org.panamask.data.RowIds;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Annealing;
import org.panamask.diffusion.AutoregressiveLoss;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.Corrupted;
import org.panamask.diffusion.DiffusionLoss;
import org.panamask.diffusion.DiscreteMasker;
import org.panamask.diffusion.DreamObjective;
import org.panamask.diffusion.LladaObjective;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.LossWindow;
import org.panamask.diffusion.Masker;
import org.panamask.diffusion.MdlmObjective;
import org.panamask.diffusion.MgdmLoss;
import org.panamask.diffusion.Noise;
import org.panamask.diffusion.NoiseSource;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.ScoredRows;
import org.panamask.diffusion.TokenRows;
import org.panamask.tensor.AttentionMask;

/// An objective made ready for rows: what the model is shown and what it is scored on.
public sealed interface Learning
        permits AnswerLearning, Learning.Diffusion, Learning.MultiGranularity, Learning.NextToken {
    /// What one micro-batch asks of the model.
    ///
    /// @param canvas what it is shown
    /// @param scored what it is scored on
    record Task(Canvas canvas, ScoredRows scored) {}

    /// How many columns of `rows` the loss may score.
    int scorable(TokenRows rows);

    /// The micro-batches of optimizer step `step` as they are learnt: cut and filled as the objective says, for all
    /// of them together.
    default List<TokenRows> window(List<TokenRows> rows, int step) {
        return rows;
    }

    /// The batches of validation rows as they are scored: nothing is cut.
    default List<TokenRows> validationWindow(List<TokenRows> rows) {
        return rows;
    }

    /// The task of `rows` while `step` optimizer steps are completed, as part of `window`.
    Task task(TokenRows rows, int step, LossWindow window);

    /// The task of validation `rows` while `step` optimizer steps are completed, as part of `window`: the noise is
    /// that of step 0 whatever the step, so that numbers compare across steps.
    default Task validation(TokenRows rows, int step, LossWindow window) {
        return task(rows, 0, window);
    }

    /// How much the loss of a batch of `rows` rows counts in the mean over `batches` of `all` rows together.
    default double weight(int rows, int batches, int all) {
        return 1;
    }

    /// The learning of `objective` with the noise of `seed`.
    static Learning of(Objective objective, RowIds tokens, long seed) {
        return of(objective, tokens, new Noise(seed), seed);
    }

    /// The learning of `objective` with times and masks from `noise`, and annealing under `seed`.
    static Learning of(Objective objective, RowIds tokens, NoiseSource noise, long seed) {
        return switch (objective) {
            case Objective.DdmSft sft ->
                new Diffusion(
                        new Masker(tokens.mask(), sft.epsilon(), noise),
                        new DiffusionLoss(sft.alignment() != Alignment.OWN, sft.lossNormalization()),
                        new Annealing(sft.annealSteps(), seed));
            case Objective.Ddm ddm ->
                new Diffusion(
                        new Masker(tokens.mask(), ddm.epsilon(), noise),
                        new DiffusionLoss(ddm.alignment() != Alignment.OWN, ddm.lossNormalization()),
                        new Annealing(ddm.annealSteps(), seed));
            case Objective.Mgdm mgdm ->
                new MultiGranularity(
                        new DiscreteMasker(tokens.mask(), mgdm.diffusionSteps(), noise),
                        new MgdmLoss(
                                mgdm.diffusionSteps(),
                                mgdm.timeReweighting(),
                                mgdm.tokenWeighting(),
                                mgdm.lossNormalization()));
            case LladaObjective llada -> AnswerLearning.of(llada, tokens, noise);
            case DreamObjective dream -> AnswerLearning.of(dream, tokens, noise);
            case MdlmObjective mdlm -> AnswerLearning.of(mdlm, tokens, noise);
            case Objective.Autoregressive _ ->
                new NextToken(new AutoregressiveLoss(tokens.pad(), List.of(tokens.eos())));
        };
    }

    /// Masked diffusion.
    ///
    /// @param masker puts noise into rows
    /// @param loss what is scored
    /// @param annealing who sees whom
    record Diffusion(Masker masker, DiffusionLoss loss, Annealing annealing) implements Learning {
        @Override
        public int scorable(TokenRows rows) {
            return loss.scorable(rows);
        }

        @Override
        public Task task(TokenRows rows, int step, LossWindow window) {
            return task(masker.corrupt(rows, step), step, window);
        }

        /// Attention is as open as training has it.
        @Override
        public Task validation(TokenRows rows, int step, LossWindow window) {
            return task(masker.corrupt(rows, 0), step, window);
        }

        private Task task(Corrupted noisy, int step, LossWindow window) {
            Canvas canvas =
                    noisy.canvas().withMask(annealing.mask(step, noisy.clean().visible()));
            return new Task(canvas, loss.score(noisy, window));
        }

        @Override
        public double weight(int rows, int batches, int all) {
            return Learning.weight(loss.normalization(), rows, batches, all);
        }
    }

    /// Under [LossNormalization#REFERENCE] each batch has a loss of its own, and their mean is weighted by rows, as
    /// in Hugging Face's trainer.
    static double weight(LossNormalization normalization, int rows, int batches, int all) {
        return switch (normalization) {
            case REFERENCE -> (double) rows * batches / all;
            case TOKEN_BOUND -> 1;
        };
    }

    /// Multi-granularity masked diffusion.
    ///
    /// @param masker puts noise into rows
    /// @param loss what is scored
    record MultiGranularity(DiscreteMasker masker, MgdmLoss loss) implements Learning {
        @Override
        public int scorable(TokenRows rows) {
            return loss.scorable(rows);
        }

        @Override
        public Task task(TokenRows rows, int step, LossWindow window) {
            DiscreteMasker.Noisy noisy = masker.corrupt(rows, step);
            return new Task(noisy.canvas(), loss.score(noisy, window));
        }

        @Override
        public double weight(int rows, int batches, int all) {
            return Learning.weight(loss.normalization(), rows, batches, all);
        }
    }

    /// Next-token prediction under causal attention. Filling behind the end of a row is never seen by what is
    /// scored.
    ///
    /// @param loss what is scored
    record NextToken(AutoregressiveLoss loss) implements Learning {
        @Override
        public int scorable(TokenRows rows) {
            return loss.scorable(rows);
        }

        @Override
        public Task task(TokenRows rows, int step, LossWindow window) {
            Canvas canvas = Canvas.of(rows.batch(), rows.tokens(), rows.ids()).withMask(new AttentionMask.Causal());
            return new Task(canvas, loss.score(rows, window));
        }
    }
}
