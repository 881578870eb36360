package org.panamask;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.DreamObjective;
import org.panamask.diffusion.LladaObjective;
import org.panamask.diffusion.MdlmObjective;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.eval.Mean;
import org.panamask.eval.Method;
import org.panamask.eval.NllSettings;
import org.panamask.eval.RowScore;
import org.panamask.eval.RowScorer;
import org.panamask.report.EvaluationReport;
import org.panamask.train.Learning;
import org.panamask.train.LoadedModel;
import org.panamask.train.Recipe;
import org.panamask.train.StepResult;
import org.panamask.train.Trainer;
import org.panamask.train.TrainingData;

/// Scores the validation rows of a run: by its loss, and where the recipe asks for it by likelihood.
///
/// @param recipe of the run
/// @param loaded the model as trained so far
/// @param data of the run
/// @param trainer of the run
record Validation(Recipe recipe, LoadedModel loaded, TrainingData data, Trainer trainer) {
    // Validation noise has its own seed, so that numbers compare across steps and runs.
    private static final long SEED = 1_000_003;

    /// The loss of all rows while `step` optimizer steps are completed; every rank computes its share.
    StepResult score(long step) {
        Learning fixed = Learning.of(recipe.objective(), data.special(), SEED);
        return trainer.evaluate(fixed, Math.toIntExact(step), data.validationBatches(size()));
    }

    /// What is reported of that loss, and the likelihood where the recipe asks for it.
    EvaluationReport report(long step, StepResult scored, Duration elapsed) {
        return new EvaluationReport(
                step,
                scored.loss(),
                scored.ceLoss(),
                scored.accuracy(),
                recipe.train().evalNll() ? Optional.of(nll(data.validationBatches(size()), size())) : Optional.empty(),
                data.validation().size(),
                elapsed);
    }

    private int size() {
        return recipe.train().evalBatch() > 0
                ? recipe.train().evalBatch()
                : recipe.train().microBatch();
    }

    private EvaluationReport.Nll nll(List<TokenRows> batches, int size) {
        RowScorer scorer =
                RowScorer.of(loaded, method(), new NllSettings(recipe.train().evalNllSteps(), SEED, size));
        List<RowScore> scores = new ArrayList<>();
        for (TokenRows rows : batches) {
            scores.addAll(scorer.score(rows, _ -> {}));
        }
        Mean mean = Mean.of(scores.stream()
                .filter(score -> score.tokens() > 0)
                .mapToDouble(RowScore::nll)
                .toArray());
        return new EvaluationReport.Nll(mean.value(), mean.standardError());
    }

    private Method method() {
        return switch (recipe.objective()) {
            case Objective.DdmSft sft -> new Method.Diffusion(sft.alignment() != Alignment.OWN);
            case Objective.Ddm ddm -> new Method.Diffusion(ddm.alignment() != Alignment.OWN);
            // Column 0, which only the objective's own alignment predicts, is part of the prompt or the separator.
            case Objective.Mgdm _ -> new Method.Diffusion(true);
            case LladaObjective _ -> new Method.Diffusion(false);
            case DreamObjective _ -> new Method.Diffusion(true);
            case MdlmObjective mdlm -> new Method.Diffusion(mdlm.shifts());
            case Objective.Autoregressive _ -> new Method.Autoregressive();
        };
    }
}
