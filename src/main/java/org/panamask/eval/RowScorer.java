package org.panamask.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;
import org.panamask.config.Require;
import org.panamask.data.Row;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.DiffusionLoss;
import org.panamask.diffusion.Likelihood;
import org.panamask.diffusion.LogLikelihood;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.LossWindow;
import org.panamask.diffusion.MaskDraws;
import org.panamask.diffusion.Masker;
import org.panamask.diffusion.Noise;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.PatternScorer;
import org.panamask.diffusion.ScoredText;
import org.panamask.diffusion.TokenRows;
import org.panamask.train.BackendPasses;
import org.panamask.train.Learning;
import org.panamask.train.LoadedModel;
import org.panamask.train.TrainingData;

/// Gives each row its negative log-likelihood for a token: estimated, as a bound, for a diffusion model, or exact for
/// one order of its tokens; exact for a next-token model.
public final class RowScorer {
    // DreamLM/Dream, eval/eval.py, sampling_eps. Under ddm times are given, and the masker draws none.
    private static final double EPSILON = 1e-3;

    private final LoadedModel loaded;
    private final Method method;
    private final NllSettings settings;

    private RowScorer(LoadedModel loaded, Method method, NllSettings settings) {
        this.loaded = loaded;
        this.method = method;
        this.settings = settings;
    }

    /// A scorer by `loaded`, read as `method` says.
    public static RowScorer of(LoadedModel loaded, Method method, NllSettings settings) {
        return new RowScorer(loaded, method, settings);
    }

    /// The score of each row of `rows`, in their order. Rows of similar length are computed together, so that
    /// little filling is.
    List<RowScore> score(TrainingData rows, Progress progress) {
        List<Row> given = EvaluationData.rows(rows);
        int[] order = IntStream.range(0, given.size())
                .boxed()
                .sorted(Comparator.comparingInt(n -> given.get(n).length()))
                .mapToInt(n -> n)
                .toArray();
        RowScore[] scores = new RowScore[order.length];
        for (int from = 0; from < order.length; from += settings.batch()) {
            int before = from;
            int[] batch = Arrays.copyOfRange(order, from, Math.min(order.length, from + settings.batch()));
            List<RowScore> some =
                    score(rows.batch(batch), share -> progress.at(before + share * batch.length, order.length));
            for (int n = 0; n < batch.length; n++) {
                scores[batch[n]] = some.get(n);
            }
        }
        return List.of(scores);
    }

    /// The score of each row of `rows`, in their order; `share` hears which share of the work is done.
    public List<RowScore> score(TokenRows rows, DoubleConsumer share) {
        return switch (method) {
            case Method.Diffusion diffusion -> estimated(rows, diffusion, share);
            case Method.Autoregressive _ -> exact(rows, share);
        };
    }

    private List<RowScore> estimated(TokenRows rows, Method.Diffusion diffusion, DoubleConsumer share) {
        Estimator estimator = diffusion.estimator();
        return switch (estimator) {
            case DDM -> evenTimes(rows, diffusion.shift(), share);
            case LLADA, DREAM, AR_FTB, AR_BTF -> byRow(rows, estimator, Alignment.of(diffusion.shift()), share);
        };
    }

    private List<RowScore> byRow(TokenRows rows, Estimator estimator, Alignment alignment, DoubleConsumer share) {
        PatternScorer.Guess guess = new PatternScorer.Guess(
                loaded.special().mask(), alignment, settings.draws().cfgScale());
        LogLikelihood likelihood =
                likelihood(estimator, new PatternScorer(loaded.model(), passes(), guess, settings.batch()));
        List<RowScore> scores = new ArrayList<>();
        for (int b = 0; b < rows.batch(); b++) {
            long sample = rows.samples()[b];
            Optional<ScoredText> text = ScoredText.row(rows, b, alignment);
            if (text.isEmpty()) {
                scores.add(new RowScore(sample, 0, 0));
            } else {
                LogLikelihood.Estimate estimate = likelihood.of(text.get());
                int count = text.get().scored();
                scores.add(new RowScore(
                        sample,
                        count,
                        estimate.nll() / count,
                        estimator.isBound() ? estimate.standardError() / count : 0,
                        new RowScore.Work(estimate.rows(), estimate.computed())));
            }
            share.accept((b + 1.0) / rows.batch());
        }
        return scores;
    }

    private LogLikelihood likelihood(Estimator estimator, PatternScorer scorer) {
        Noise noise = new Noise(settings.seed());
        int together = settings.together(estimator);
        return switch (estimator) {
            case LLADA ->
                new LogLikelihood.MonteCarlo(
                        scorer, new MaskDraws.Counts(together, noise), settings.batches(estimator));
            case DREAM ->
                new LogLikelihood.MonteCarlo(
                        scorer, new MaskDraws.Times(together, EPSILON, noise), settings.batches(estimator));
            case AR_FTB -> new LogLikelihood.Chain(scorer, false);
            case AR_BTF, DDM -> new LogLikelihood.Chain(scorer, true);
        };
    }

    private List<RowScore> evenTimes(TokenRows rows, boolean shift, DoubleConsumer share) {
        Require.that(
                settings.draws().cfgScale() == 0,
                "cfg_scale must be 0 under likelihood ddm, not "
                        + settings.draws().cfgScale());
        int steps = settings.steps(Estimator.DDM);
        // A mask token that stands in a prompt is none of the answer's: only maskable columns count.
        DiffusionLoss loss = new DiffusionLoss(shift, LossNormalization.TOKEN_BOUND);
        Likelihood likelihood = new Likelihood(
                loaded.model(),
                passes(),
                steps,
                loss,
                new Masker(loaded.special().mask(), EPSILON, new Noise(settings.seed())));
        double[] nll = likelihood
                .estimate(rows, done -> share.accept((double) done / steps))
                .rows();
        List<RowScore> scores = new ArrayList<>();
        for (int b = 0; b < nll.length; b++) {
            RowScore.Work work = new RowScore.Work(steps, steps);
            scores.add(new RowScore(rows.samples()[b], loss.scorable(rows, b), nll[b], Double.NaN, work));
        }
        return scores;
    }

    private List<RowScore> exact(TokenRows rows, DoubleConsumer share) {
        Learning learning = Learning.of(Objective.Autoregressive.defaults(), loaded.special(), settings.seed());
        Learning.Task task = learning.task(rows, 0, new LossWindow(1, learning.scorable(rows)));
        double[] sums = new double[rows.batch()];
        int[] counts = new int[rows.batch()];
        if (!task.scored().isEmpty()) {
            double[] entropies = passes().run(ops -> task.scored().entropies(ops, loaded.model(), task.canvas()));
            for (int n = 0; n < entropies.length; n++) {
                int b = task.scored().rows()[n] / rows.tokens();
                sums[b] += entropies[n];
                counts[b]++;
            }
        }
        share.accept(1);
        List<RowScore> scores = new ArrayList<>();
        for (int b = 0; b < sums.length; b++) {
            double nll = counts[b] == 0 ? 0 : sums[b] / counts[b];
            scores.add(new RowScore(rows.samples()[b], counts[b], nll, 0, new RowScore.Work(1, 1)));
        }
        return scores;
    }

    private BackendPasses passes() {
        return new BackendPasses(loaded.backend(), loaded.precision());
    }
}
