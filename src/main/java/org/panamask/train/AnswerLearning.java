package org.panamask.train;

import java.util.Arrays;
import java.util.List;
import org.panamask.data.RowIds;
import org.panamask.diffusion.Corrupted;
import org.panamask.diffusion.DreamLoss;
import org.panamask.diffusion.DreamObjective;
import org.panamask.diffusion.LladaObjective;
import org.panamask.diffusion.LossNormType;
import org.panamask.diffusion.LossWindow;
import org.panamask.diffusion.Masker;
import org.panamask.diffusion.MdlmLoss;
import org.panamask.diffusion.MdlmObjective;
import org.panamask.diffusion.NoisePurpose;
import org.panamask.diffusion.NoiseSource;
import org.panamask.diffusion.RowWindow;
import org.panamask.diffusion.TokenRows;

/// The objectives whose rows are filled with end tokens that belong to the answer: LLaDA's, Dream's and dllm's.
/// Attention is full throughout.
public sealed interface AnswerLearning extends Learning {
    /// LLaDA's.
    static AnswerLearning of(LladaObjective objective, RowIds tokens, NoiseSource noise) {
        return new Llada(
                objective,
                new Masker(tokens.mask(), objective.epsilon(), noise),
                MdlmLoss.llada(objective.lossNormType()));
    }

    /// Dream's.
    static AnswerLearning of(DreamObjective objective, RowIds tokens, NoiseSource noise) {
        return new Dream(objective, new Masker(tokens.mask(), 0, noise), objective.loss(), tokens.eos());
    }

    /// dllm's.
    static AnswerLearning of(MdlmObjective objective, RowIds tokens, NoiseSource noise) {
        return new Mdlm(
                objective,
                new Masker(tokens.mask(), objective.timeEpsilon(), noise),
                MdlmLoss.mdlm(objective.weighting(), objective.lossNormType(), objective.shifts()),
                tokens.bos());
    }

    /// A mean over a batch is weighted by its rows, as in [Learning#weight(LossNormalization, int, int, int)].
    private static double weight(LossNormType type, int rows, int batches, int all) {
        return switch (type) {
            case TOKEN, SEQUENCE, BATCH -> (double) rows * batches / all;
            case TOKEN_BOUND -> 1;
        };
    }

    /// Noise of optimizer step `step` on its rows together, uniform in [0, 1).
    private static float draw(Masker masker, int number, int step) {
        return masker.noise().uniform(NoisePurpose.LENGTH, 0, number, step);
    }

    /// LLaDA's.
    ///
    /// @param objective its settings
    /// @param masker puts noise into rows
    /// @param loss what is scored
    record Llada(LladaObjective objective, Masker masker, MdlmLoss loss) implements AnswerLearning {
        @Override
        public int scorable(TokenRows rows) {
            return loss.scorable(rows);
        }

        @Override
        public List<TokenRows> window(List<TokenRows> rows, int step) {
            RowWindow window = new RowWindow(rows).filled();
            if (objective.documents() && draw(masker, 0, step) < objective.randomLength()) {
                return window.cut(1 + (int) (draw(masker, 1, step) * window.columns()))
                        .rows();
            }
            return window.rows();
        }

        @Override
        public Task task(TokenRows rows, int step, LossWindow window) {
            Corrupted noisy = masker.corrupt(rows, step);
            return new Task(noisy.canvas(), loss.score(noisy, window));
        }

        @Override
        public double weight(int rows, int batches, int all) {
            return AnswerLearning.weight(loss.normalization(), rows, batches, all);
        }
    }

    /// Dream's.
    ///
    /// @param objective its settings
    /// @param masker puts noise into rows
    /// @param loss what is scored
    /// @param end the id that fills rows
    record Dream(DreamObjective objective, Masker masker, DreamLoss loss, int end) implements AnswerLearning {
        @Override
        public int scorable(TokenRows rows) {
            return loss.scorable(rows);
        }

        @Override
        public List<TokenRows> window(List<TokenRows> rows, int step) {
            RowWindow window = new RowWindow(rows).filled();
            int[] answers = window.answers();
            if (objective.perbatchCutoff()) {
                return window.cutAnswers(answers[(int) (draw(masker, 0, step) * answers.length)])
                        .rows();
            }
            int shortest = Arrays.stream(answers).min().orElse(0);
            if (shortest > 1 && draw(masker, 0, step) < objective.respCutoffRatio()) {
                return window.cut(window.longest() - 1 - (int) (draw(masker, 1, step) * (shortest - 1)))
                        .rows();
            }
            return window.rows();
        }

        @Override
        public Task task(TokenRows rows, int step, LossWindow window) {
            Corrupted drawn = masker.corrupt(rows, step);
            Corrupted noisy = objective.treatEosAsOne() ? drawn.withEndsAsOne(end) : drawn;
            return new Task(noisy.canvas(), loss.score(noisy, window));
        }

        @Override
        public double weight(int rows, int batches, int all) {
            return Learning.weight(loss.normalization(), rows, batches, all);
        }
    }

    /// dllm's.
    ///
    /// @param objective its settings
    /// @param masker puts noise into rows
    /// @param loss what is scored
    /// @param begin the id that rows start with where column i is predicted from the hidden state of column i - 1
    record Mdlm(MdlmObjective objective, Masker masker, MdlmLoss loss, int begin) implements AnswerLearning {
        @Override
        public int scorable(TokenRows rows) {
            return loss.scorable(rows);
        }

        @Override
        public List<TokenRows> window(List<TokenRows> rows, int step) {
            return begun(new RowWindow(rows).filled());
        }

        @Override
        public List<TokenRows> validationWindow(List<TokenRows> rows) {
            return begun(new RowWindow(rows));
        }

        private List<TokenRows> begun(RowWindow window) {
            return (objective.shifts() ? window.begun(begin) : window).rows();
        }

        @Override
        public Task task(TokenRows rows, int step, LossWindow window) {
            Corrupted noisy = masker.corrupt(rows, objective.scheduler(), step);
            return new Task(noisy.canvas(), loss.score(noisy, window));
        }

        @Override
        public double weight(int rows, int batches, int all) {
            return AnswerLearning.weight(loss.normalization(), rows, batches, all);
        }
    }
}
