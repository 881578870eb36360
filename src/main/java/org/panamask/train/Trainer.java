package org.panamask.train;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
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
/// Under f16 the loss is scaled, and gradients are checked once for the whole step, see [LossScaler]. One job is one
/// step; after the first, a step of the same shapes takes no native memory. Not safe for several
/// threads.
public final class Trainer implements AutoCloseable {
    /// What the job of a step is called.
    public static final String STEP = "training step";

    private final Backend backend;
    private final Precision precision;
    private final Denoiser model;
    private final Learning learning;
    private final TrainSettings settings;
    private final Owner owner;
    private final Accumulators accumulators;
    private final AdamW optimizer;
    private final Optional<LossScaler> scaler;

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
        this.scaler = precision == Precision.F16 ? Optional.of(new LossScaler()) : Optional.empty();
        this.owner = backend.owner("optimizer");
        try {
            this.accumulators =
                    backend.run("gradients", precision, ops -> Accumulators.of(ops, owner, weights.trainable()));
            this.optimizer = backend.run(
                    "optimizer",
                    precision,
                    ops -> AdamW.create(ops, owner, settings, accumulators, Parameters::decays));
        } catch (RuntimeException | Error failure) {
            owner.close();
            throw failure;
        }
    }

    /// How a model is trained.
    ///
    /// @param learning what it is shown and scored on
    /// @param settings rates, decay, clipping, seed
    public record Method(Learning learning, TrainSettings settings) {}

    /// Runs optimizer step `step`, counted from 0, over the micro-batches of its window at `learningRate`. A
    /// micro-batch in which nothing is scored adds nothing and still counts. Under f16 a step whose gradients are
    /// not all finite changes no weight.
    public StepResult step(int step, List<TokenRows> window, double learningRate) {
        return backend.run(STEP, precision, ops -> {
            LossSums sums = forwardAndBack(ops, step, window);
            double scale = lossScale();
            double scaledNorm = optimizer.norm(ops);
            boolean taken =
                    scaler.map(each -> each.update(Double.isFinite(scaledNorm))).orElse(true);
            double norm = scaledNorm / scale;
            if (taken) {
                optimizer.update(ops, learningRate, norm, scale);
            } else {
                accumulators.clear(ops);
            }
            return sums.result(norm, learningRate, !taken);
        });
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

    /// Adds the gradients of `window`, times the loss scale, to the sums without changing a weight.
    StepResult accumulate(int step, List<TokenRows> window) {
        return backend.run(
                STEP, precision, ops -> forwardAndBack(ops, step, window).result(0, 0, false));
    }

    /// The gradient sums.
    Accumulators accumulators() {
        return accumulators;
    }

    private LossSums forwardAndBack(BackwardOps ops, int step, List<TokenRows> given) {
        List<TokenRows> window = learning.window(given, step);
        LossWindow whole = windowOf(window);
        LossSums sums = new LossSums();
        double scale = lossScale();
        for (TokenRows rows : window) {
            sums.rows(rows, learning.scorable(rows));
            Learning.Task task = learning.task(rows, step, whole);
            if (!task.scored().isEmpty()) {
                ops.scoped(() -> {
                    Tape tape = tape(ops);
                    CrossEntropy loss =
                            task.scored().scaled(scale).crossEntropy(tape, model, withDropout(task, rows, step));
                    sums.add(ops, loss, scale);
                    tape.backward(loss);
                    return sums;
                });
            }
        }
        return sums;
    }

    private Tape tape(BackwardOps ops) {
        return settings.recompute() ? Tape.recomputing(ops, accumulators) : new Tape(ops, accumulators);
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

    /// Scores validation rows without dropout while `step` optimizer steps are completed; the noise is always the
    /// same, so that numbers compare across steps.
    public StepResult evaluate(Learning validation, int step, List<TokenRows> given) {
        List<TokenRows> batches = validation.validationWindow(given);
        int all = batches.stream().mapToInt(TokenRows::batch).sum();
        long scorable = batches.stream().mapToLong(validation::scorable).sum();
        LossWindow whole = new LossWindow(batches.size(), scorable);
        LossSums sums = new LossSums();
        for (TokenRows rows : batches) {
            sums.rows(rows, validation.scorable(rows));
            Learning.Task task = validation.validation(rows, step, whole);
            if (!task.scored().isEmpty()) {
                backend.run("validation", precision, ops -> {
                    CrossEntropy loss = task.scored().crossEntropy(ops, model, task.canvas());
                    sums.add(ops, loss, 1 / validation.weight(rows.batch(), batches.size(), all));
                    return sums;
                });
            }
        }
        return sums.result(0, 0, false);
    }

    /// Gives gradient sums and optimizer state back.
    @Override
    public void close() {
        owner.close();
    }
}
