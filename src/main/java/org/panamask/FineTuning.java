package org.panamask;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.panamask.backend.Backend;
import org.panamask.backend.Backends;
import org.panamask.checkpoint.HubFolder;
import org.panamask.data.BatchPlan;
import org.panamask.data.StepRule;
import org.panamask.diffusion.TokenRows;
import org.panamask.launch.Launch;
import org.panamask.launch.LaunchVariables;
import org.panamask.launch.Place;
import org.panamask.model.ModelFacts;
import org.panamask.model.Models;
import org.panamask.plan.MemoryLimit;
import org.panamask.plan.MemoryPlan;
import org.panamask.report.ProfileFile;
import org.panamask.report.RunPlan;
import org.panamask.report.RunSummary;
import org.panamask.report.StepReport;
import org.panamask.report.TrainingListener;
import org.panamask.train.Learning;
import org.panamask.train.LoadedModel;
import org.panamask.train.Recipe;
import org.panamask.train.RunFolder;
import org.panamask.train.Schedule;
import org.panamask.train.StepResult;
import org.panamask.train.Trainer;
import org.panamask.train.TrainingData;

/// One training run: everything a recipe names, from its files to the adapter it leaves in the output folder. Opening
/// it loads model and data, so that what is wrong is said before the first step.
///
/// Several processes that were launched together share the work: each opens and runs the same recipe. Rank 0 alone
/// writes files and tells the listener.
public final class FineTuning implements AutoCloseable {
    private static final int SHORT_ROW = 16;

    private final Recipe recipe;
    private final Backend backend;
    private final LoadedModel loaded;
    private final TrainingData data;
    private final BatchPlan plan;
    private final Schedule schedule;
    private final Trainer trainer;
    private final Validation validation;
    private final RunTeam team;
    private volatile boolean stopping;

    private FineTuning(Recipe recipe, RunTeam team, Backend backend, TrainingListener listener) {
        this.recipe = recipe;
        this.team = team;
        this.backend = backend;
        backend.require(recipe.backend().dtype());
        // Weights and optimizer state must fit before they are loaded; the rest when the rows are known.
        plan(Math.min(SHORT_ROW, recipe.data().maxTokens()));
        long seed = recipe.train().seed();
        this.loaded = LoadedModel.open(backend, recipe.backend().dtype(), recipe.model(), trained(recipe));
        try {
            this.data = TrainingData.read(recipe, loaded.tokenizer(), loaded.special(), listener::tokenized);
            data.requireFit(
                    loaded.model().maxPositions(), loaded.model().facts().vocabularySize());
            backend.reserve(plan(data.columns()).arena());
            StepRule rule = switch (recipe.train().stepCount()) {
                case CEIL -> StepRule.CEIL;
                case FLOOR -> StepRule.FLOOR;
            };
            this.plan = BatchPlan.of(
                    data.training().size(),
                    new BatchPlan.Settings(
                            recipe.train().microBatch(), recipe.train().accumulate(), rule, seed));
            this.schedule = Schedule.of(recipe.train(), totalSteps());
            this.trainer = new Trainer(
                    backend,
                    loaded.precision(),
                    loaded.model(),
                    loaded.trained(),
                    new Trainer.Method(
                            Learning.of(recipe.objective(), data.special(), seed),
                            recipe.train(),
                            team.agreed(recipe, data, backend)));
            this.validation = new Validation(recipe, loaded, data, trainer);
        } catch (RuntimeException | Error failure) {
            loaded.close();
            throw failure;
        }
    }

    /// What the run needs for rows of `columns` tokens, if that fits.
    private MemoryPlan plan(int columns) {
        MemoryPlan planned = MemoryPlan.ofRank(
                recipe, backend.memoryModel(), columns, team.place().world());
        MemoryLimit.of(recipe.backend(), backend).require(recipe, planned, backend.memoryModel(), columns);
        return planned;
    }

    /// What the objective leaves to the model's family, filled in.
    private static Recipe aligned(Recipe recipe) {
        ModelFacts facts =
                Models.config(HubFolder.config(recipe.model().path())).facts();
        return recipe.with("objective", recipe.objective().alignedAs(facts.alignment()));
    }

    /// An adapter that the recipe names goes on training, whether or not it says what a new one is like.
    private static LoadedModel.Trained trained(Recipe recipe) {
        long seed = recipe.train().seed();
        return recipe.lora().isPresent() || !recipe.model().adapter().isEmpty()
                ? new LoadedModel.Trained.Branches(recipe.lora(), seed)
                : new LoadedModel.Trained.Everything(seed);
    }

    private long totalSteps() {
        return recipe.train().maxSteps() > 0
                ? recipe.train().maxSteps()
                : plan.totalSteps(recipe.train().epochs());
    }

    /// Loads what `recipe` names. Nothing is written yet.
    ///
    /// @throws org.panamask.backend.BackendException if the backend or its number type cannot run here, or the run
    ///     needs more memory than there is, naming the cheapest changes
    /// @throws org.panamask.checkpoint.CheckpointException if a model or adapter file is missing or wrong
    /// @throws org.panamask.text.TokenizerException if the tokenizer is missing or wrong, or lacks a token
    /// @throws org.panamask.data.DataException if the data are missing, empty, not of their form, or too
    ///     long for the model, or if the output folder holds the result of an earlier run or is one that this run
    ///     starts from
    public static FineTuning open(Recipe recipe) {
        return open(recipe, new TrainingListener() {});
    }

    /// Loads what `recipe` names, as [#open(Recipe)] does; `listener` hears how far the rows are tokenised. Which
    /// of several ranks this process is, the environment says.
    public static FineTuning open(Recipe recipe, TrainingListener listener) {
        return open(recipe, listener, LaunchVariables.read(System.getenv()));
    }

    /// Loads what `recipe` names, as [#open(Recipe)] does, as one of the ranks of `launch`.
    ///
    /// @throws org.panamask.launch.RankException if the other ranks do not come, or fail
    public static FineTuning open(Recipe recipe, TrainingListener listener, Launch launch) {
        Recipe aligned = aligned(recipe);
        RunTeam team = RunTeam.join(launch, aligned);
        try {
            // Only rank 0 has an output.
            if (launch.place().isFirst()) {
                RunFolder.require(recipe);
            }
            return open(aligned, team, launch.place().isFirst() ? listener : new TrainingListener() {});
        } catch (RuntimeException | Error failure) {
            team.fail(failure);
            try (team) {
                throw failure;
            }
        }
    }

    private static FineTuning open(Recipe aligned, RunTeam team, TrainingListener listener) {
        Backend backend = Backends.open(team.placed(aligned.backend()));
        try {
            return new FineTuning(aligned, team, backend, listener);
        } catch (RuntimeException | Error failure) {
            team.fail(failure);
            try (backend;
                    team) {
                throw failure;
            }
        }
    }

    /// Opens, runs and closes a run.
    public static RunSummary run(Recipe recipe, TrainingListener listener) {
        try (FineTuning run = open(recipe, listener)) {
            return run.run(listener);
        }
    }

    /// What is worth knowing of the data before training, a sentence each.
    public List<String> warnings() {
        return data.warnings();
    }

    /// Where this process stands among those that train together.
    public Place place() {
        return team.place();
    }

    /// The model being trained.
    public LoadedModel loaded() {
        return loaded;
    }

    /// Asks the run to finish its step, save and return; from any thread.
    public void stop() {
        stopping = true;
    }

    /// Trains to the end, or until [#stop], and leaves the result in the output folder.
    ///
    /// @param listener hears of every logged step, besides the files of the output folder
    /// @throws org.panamask.data.DataException if the output folder holds the result of an earlier run
    /// @throws DivergedException if a step gave numbers that are not finite; no result is written then
    public RunSummary run(TrainingListener listener) {
        long start = System.nanoTime();
        // Only rank 0 has an output.
        List<RunOutput> outputs = new ArrayList<>();
        try {
            team.once("the output folder", () -> outputs.add(RunOutput.create(recipe, backend.report(), listener)));
            return run(outputs.stream().findFirst(), start);
        } catch (RuntimeException | Error failure) {
            team.fail(failure);
            throw failure;
        } finally {
            outputs.forEach(RunOutput::close);
        }
    }

    private RunSummary run(Optional<RunOutput> output, long start) {
        TrainingListener all = output.map(RunOutput::listener).orElseGet(() -> new TrainingListener() {});
        output.ifPresent(one -> all.started(new RunPlan(
                0,
                totalSteps(),
                recipe.backend().memoryLimitBytes(),
                one.folder().path())));
        long done = loop(all, output, start);
        settle();
        team.once(
                "the result",
                () -> output.ifPresent(one -> {
                    one.folder().saveResult(loaded);
                    one.folder().describe(backend.report());
                    backend.profile()
                            .ifPresent(profile -> ProfileFile.write(one.folder().path(), profile.table()));
                    all.saved(done, one.folder().path());
                }));
        RunSummary summary = new RunSummary(done, done == totalSteps(), since(start));
        all.finished(summary);
        return summary;
    }

    private long loop(TrainingListener all, Optional<RunOutput> output, long start) {
        long total = totalSteps();
        long evaluated = -1;
        Samples samples = new Samples(loaded, recipe, data);
        for (long step = 0; step < total; step++) {
            if (team.anyStops(step, stopping)) {
                return step;
            }
            long before = System.nanoTime();
            List<TokenRows> window = plan.window(step).stream().map(data::batch).toList();
            StepResult result = trainer.step(Math.toIntExact(step), window, schedule.at(trainer.updates()));
            double seconds = (System.nanoTime() - before) / 1e9;
            long done = step + 1;
            all.step(report(done, result, seconds, start));
            requireFinite(result, done);
            if (isDue(done, recipe.train().evalEvery())) {
                evaluate(all, done, start);
                evaluated = done;
            }
            if (isDue(done, recipe.train().sampleEvery())) {
                team.once("a sample", () -> all.sampled(samples.take(done)));
            }
            if (isDue(done, recipe.train().saveEvery()) && done < total) {
                settle();
                team.once(
                        "a checkpoint",
                        () -> output.ifPresent(
                                one -> all.saved(done, one.folder().saveCheckpoint(loaded, done))));
            }
        }
        if (evaluated != total) {
            evaluate(all, total, start);
        }
        return total;
    }

    /// A step whose numbers are not finite has put them into every weight: no later step mends that.
    private static void requireFinite(StepResult result, long step) {
        boolean finite = Double.isFinite(result.loss()) && Double.isFinite(result.gradNorm());
        if (!finite && !result.skipped()) {
            throw new DivergedException("train: loss and gradients must be finite numbers, but step " + step
                    + " had a loss of " + result.loss() + " and a gradient norm of " + result.gradNorm()
                    + ", and the weights are lost; lower train.learning_rate, warm up longer or set"
                    + " train.max_grad_norm; checkpoints of steps before it are whole");
        }
    }

    /// Waits until the weights of the last step are there: what a rank that failed meanwhile broke off is heard of
    /// before they are written.
    private void settle() {
        backend.run("the end of a step", loaded.precision(), _ -> {
            backend.finish();
            return backend;
        });
    }

    private static boolean isDue(long step, int every) {
        return every > 0 && step % every == 0;
    }

    private StepReport report(long step, StepResult result, double seconds, long start) {
        return new StepReport(
                step,
                totalSteps(),
                result.loss(),
                result.ceLoss(),
                result.accuracy(),
                result.maskRatio(),
                result.learningRate(),
                result.gradNorm(),
                trainer.lossScaler()
                        .map(scaler -> new StepReport.Scaling(
                                scaler.scale(), scaler.state().skipped())),
                result.tokens() / seconds,
                backend.ledger().total(),
                since(start));
    }

    private void evaluate(TrainingListener all, long step, long start) {
        if (!data.validation().isEmpty()) {
            StepResult scored = validation.score(step);
            team.once("a validation", () -> all.evaluated(validation.report(step, scored, since(start))));
        }
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }

    /// Gives model, optimizer state and backend back. Closing twice does nothing.
    @Override
    public void close() {
        try (backend;
                loaded;
                trainer;
                team) {
            // The last one first, all of them even where one refuses.
        }
    }
}
