package org.panamask.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.panamask.autograd.Accumulators;
import org.panamask.autograd.Tape;
import org.panamask.backend.Backend;
import org.panamask.backend.Precision;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.Denoiser;
import org.panamask.diffusion.LossWindow;
import org.panamask.diffusion.Noise;
import org.panamask.diffusion.NoisePurpose;
import org.panamask.diffusion.TokenRows;
import org.panamask.nn.Parameters;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.Owner;

/// Runs optimizer steps. The loss of a step is summed over its micro-batches with weights that already hold the
/// denominator of the whole step, so under `token_bound` the gradient does not depend on how the step was cut.
///
/// Several ranks train together where the method names a [Team]: all of them see the window of the whole step, each
/// computes its share of the micro-batches, and gradients and loss sums are added up, so that the numbers are those of
/// one process, up to the order of addition.
///
/// Under f16 the loss is scaled, and gradients are checked once for the whole step, see [LossScaler]. One job is one
/// step; after the first, a step of the same shapes takes no native memory. Not safe for several
/// threads.
///
/// A step that throws has changed no weight, no optimizer state and no loss scale; what it summed is cleared when the
/// next one begins, so that the same step may be run again, or another. There are two exceptions, after which the
/// trainer refuses with a [TrainerException]: a step that failed while it changed weights, and one that failed when
/// other ranks had been given gradients of it.
public final class Trainer implements AutoCloseable {
    /// What the job of a step is called.
    public static final String STEP = "training step";

    private final Backend backend;
    private final Precision precision;
    private final Denoiser model;
    private final Learning learning;
    private final TrainSettings settings;
    private final Team team;
    private final Owner owner;
    private final StepGradients gradients;
    private final AdamW optimizer;
    private final Optional<LossScaler> scaler;
    private Optional<HalfStep> halfDone = Optional.empty();
    private boolean updating;

    /// Prepares to train `weights` of `model`: gradient sums and optimizer state are made now.
    ///
    /// @param backend computes
    /// @param precision the type of activations
    /// @param model what is trained
    /// @param weights the weights that change, and their names
    /// @param how the objective and the settings of the run
    public Trainer(Backend backend, Precision precision, Denoiser model, Parameters weights, Method how) {
        this.backend = backend;
        this.precision = precision;
        this.model = model;
        this.learning = how.learning();
        this.settings = how.settings();
        this.team = how.team();
        this.scaler = precision == Precision.F16 ? Optional.of(new LossScaler()) : Optional.empty();
        this.owner = backend.owner("optimizer");
        try {
            this.gradients =
                    backend.run("gradients", precision, ops -> StepGradients.of(ops, owner, weights.trainable(), team));
            this.optimizer = backend.run(
                    "optimizer",
                    precision,
                    ops -> AdamW.of(ops, owner, settings, gradients.pieces(), Parameters::decays));
        } catch (RuntimeException | Error failure) {
            owner.close();
            throw failure;
        }
    }

    /// How a model is trained.
    ///
    /// @param learning what it is shown and scored on
    /// @param settings rates, decay, clipping, seed
    /// @param team who trains it together
    public record Method(Learning learning, TrainSettings settings, Team team) {
        /// The method of one process alone.
        public Method(Learning learning, TrainSettings settings) {
            this(learning, settings, Team.alone());
        }
    }

    /// Runs optimizer step `step`, counted from 0, over the micro-batches of its window at `learningRate`. A
    /// micro-batch in which nothing is scored adds nothing and still counts. Under f16 a step whose gradients are
    /// not all finite changes no weight.
    ///
    /// @throws TrainerException if an earlier step failed half-way, so that none can follow
    public StepResult step(int step, List<TokenRows> window, double learningRate) {
        StepResult result = attempt(step, ops -> {
            LossSums mine = forwardAndBack(ops, step, window);
            gradients.complete();
            Totals totals = totals(step, mine, optimizer.squares(ops));
            double scale = lossScale();
            double norm = Math.sqrt(totals.squares()) / scale;
            boolean taken = scaler.isEmpty() || Double.isFinite(norm);
            if (taken) {
                updating = true;
                optimizer.update(ops, learningRate, norm, scale);
                gradients.updated(ops);
            }
            return totals.sums().result(norm, learningRate, !taken);
        });
        scaler.ifPresent(each -> each.update(!result.skipped()));
        return result;
    }

    /// Runs a step as a job. What it enqueued may still fail after its last line: it is over when the job is.
    private StepResult attempt(int step, Function<BackwardOps, StepResult> work) {
        requireWhole(STEP + " " + step);
        try {
            StepResult result = backend.run(STEP, precision, ops -> {
                gradients.begin(ops);
                return work.apply(ops);
            });
            updating = false;
            gradients.end();
            return result;
        } catch (RuntimeException | Error failure) {
            halfDone = halfStep(step, failure);
            throw failure;
        }
    }

    private Optional<HalfStep> halfStep(int step, Throwable failure) {
        return updating
                ? Optional.of(HalfStep.updating(step, failure))
                : gradients.isShared() ? Optional.of(HalfStep.shared(step, failure)) : Optional.empty();
    }

    private void requireWhole(String what) {
        halfDone.ifPresent(half -> {
            throw half.refusal(what);
        });
    }

    /// What all ranks come to together.
    ///
    /// @param sums of the loss
    /// @param squares the squared norm of all gradients
    private record Totals(LossSums sums, double squares) {}

    private Totals totals(int step, LossSums mine, double squares) {
        double[] numbers = Arrays.copyOf(mine.numbers(), mine.numbers().length + 1);
        numbers[numbers.length - 1] = squares;
        List<double[]> all = team.ranks().gather("step " + step, numbers);
        List<Double> ofEachRank = all.stream().map(one -> one[one.length - 1]).toList();
        return new Totals(LossSums.of(all), gradients.squares(ofEachRank));
    }

    /// How often weights were updated: steps that were skipped are not counted. Schedules go by this number,
    /// everything else by the step.
    public long updates() {
        return optimizer.steps();
    }

    /// Scales the loss under f16; none in any other precision.
    public Optional<LossScaler> lossScaler() {
        return scaler;
    }

    private double lossScale() {
        return scaler.map(LossScaler::scale).orElse(1.0);
    }

    /// Sums the gradients of `window`, times the loss scale, over all ranks without changing a weight.
    StepResult accumulate(int step, List<TokenRows> window) {
        return attempt(step, ops -> {
            LossSums mine = forwardAndBack(ops, step, window);
            gradients.complete();
            return totals(step, mine, 0).sums().result(0, 0, false);
        });
    }

    /// The gradient sums.
    Accumulators accumulators() {
        return gradients.accumulators();
    }

    private LossSums forwardAndBack(BackwardOps ops, int step, List<TokenRows> given) {
        List<TokenRows> window = learning.window(given, step);
        LossWindow whole = windowOf(window);
        LossSums sums = new LossSums();
        List<Work> works = new ArrayList<>();
        for (TokenRows rows : team.share(window)) {
            sums.rows(rows, learning.scorable(rows));
            Learning.Task task = learning.task(rows, step, whole);
            if (!task.scored().isEmpty()) {
                works.add(new Work(rows, task));
            }
        }
        for (int i = 0; i < works.size(); i++) {
            Work work = works.get(i);
            boolean isLast = i == works.size() - 1;
            ops.scoped(() -> {
                forwardAndBack(ops, step, work, isLast, sums);
                return sums;
            });
        }
        return sums;
    }

    /// One micro-batch.
    private record Work(TokenRows rows, Learning.Task task) {}

    /// The way back of the last micro-batch completes gradients one after another: their sums over the ranks start
    /// while others are still formed.
    private void forwardAndBack(BackwardOps ops, int step, Work work, boolean isLast, LossSums sums) {
        double scale = lossScale();
        Tape tape = tape(ops);
        if (isLast) {
            tape.onGradient(gradients::formed);
        }
        Canvas canvas = withDropout(work.task(), work.rows(), step);
        CrossEntropy loss = work.task().scored().scaled(scale).crossEntropy(tape, model, canvas);
        sums.add(ops, loss, work.task().scored().count(), scale);
        tape.backward(loss);
    }

    private Tape tape(BackwardOps ops) {
        return settings.recompute()
                ? Tape.recomputing(ops, gradients.accumulators())
                : new Tape(ops, gradients.accumulators());
    }

    private Canvas withDropout(Learning.Task task, TokenRows rows, int step) {
        List<Integer> samples = Arrays.stream(rows.segments())
                .mapToObj(segment -> segment < 0 ? 0 : Math.toIntExact(rows.samples()[segment]))
                .toList();
        long key = new Noise(settings.seed()).key(NoisePurpose.DROPOUT, step);
        return task.canvas().withDropout(new Canvas.Dropout(key, samples));
    }

    private LossWindow windowOf(List<TokenRows> window) {
        return new LossWindow(
                window.size(), window.stream().mapToLong(learning::scorable).sum());
    }

    /// Scores validation rows, of which each rank computes its share, without dropout while `step` optimizer steps
    /// are completed; the noise is always the same, so that numbers compare across steps.
    ///
    /// @throws TrainerException if a step failed half-way
    public StepResult evaluate(Learning validation, int step, List<TokenRows> given) {
        requireWhole("validation after step " + step);
        List<TokenRows> batches = validation.validationWindow(given);
        int all = batches.stream().mapToInt(TokenRows::batch).sum();
        long scorable = batches.stream().mapToLong(validation::scorable).sum();
        LossWindow whole = new LossWindow(batches.size(), scorable);
        LossSums sums = new LossSums();
        for (TokenRows rows : team.share(batches)) {
            sums.rows(rows, validation.scorable(rows));
            Learning.Task task = validation.validation(rows, step, whole);
            if (!task.scored().isEmpty()) {
                backend.run("validation", precision, ops -> {
                    CrossEntropy loss = task.scored().crossEntropy(ops, model, task.canvas());
                    double weight = validation.weight(rows.batch(), batches.size(), all);
                    sums.add(ops, loss, task.scored().count(), 1 / weight);
                    return sums;
                });
            }
        }
        return LossSums.of(team.ranks().gather("validation after step " + step, sums.numbers()))
                .result(0, 0, false);
    }

    /// Gives gradient sums and optimizer state back.
    @Override
    public void close() {
        owner.close();
    }
}
