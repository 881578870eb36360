package org.panamask.app;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.panamask.FineTuning;
import org.panamask.report.ProgressLine;
import org.panamask.report.RunPlan;
import org.panamask.report.RunSummary;
import org.panamask.report.TrainingListener;
import org.panamask.train.LoadedModel;
import org.panamask.train.Recipe;
import org.panamask.train.RecipeReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Fine-tunes as a recipe says. An interrupt finishes the step and saves before the JVM ends; a second one ends it at
/// once.
@Command(name = "train", description = "Fine-tune a model as a recipe says.")
final class TrainCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "RECIPE", description = "YAML file; see panamask recipe")
    private Path recipe = Path.of("");

    @Parameters(index = "1..*", arity = "0..*", paramLabel = "KEY=VALUE", description = "keys to change")
    private List<String> overrides = List.of();

    /// Made by picocli.
    TrainCommand() {}

    @Override
    public Integer call() {
        Recipe read = RecipeReader.readChecked(recipe, overrides);
        PrintWriter err = spec.commandLine().getErr();
        CountDownLatch done = new CountDownLatch(1);
        ProgressLine progress = ProgressLine.standard();
        try (FineTuning run = FineTuning.open(read, progress)) {
            boolean speaks = run.place().isFirst();
            if (speaks) {
                run.warnings().forEach(warning -> err.println("warning: " + warning));
                err.flush();
            }
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> stop(run, done)));
            RunSummary summary;
            try (InterruptKey _ = InterruptKey.on(
                    new Interrupts(run, new AtomicLong(Interrupts.NEVER), text -> say(err, speaks, text)))) {
                summary = run.run(TrainingListener.all(List.of(counting(run.loaded(), err), progress)));
            }
            if (speaks) {
                tell(run, summary, read.output(), err);
            }
            return summary.finished() ? 0 : INTERRUPTED;
        } finally {
            done.countDown();
        }
    }

    /// What Ctrl-C does while a run trains: once it asks the run to save and end, pressed again it loses the run.
    ///
    /// @param tuning the run
    /// @param first when it was pressed first
    /// @param tell says what happens now
    private record Interrupts(FineTuning tuning, AtomicLong first, Consumer<String> tell) implements Runnable {
        static final long NEVER = Long.MIN_VALUE;

        /// Programs that start others, such as `timeout`, hand one press on twice.
        private static final long ONE_PRESS_NANOS = 1_000_000_000L;

        @Override
        public void run() {
            long now = System.nanoTime();
            if (first.compareAndSet(NEVER, now)) {
                tuning.stop();
                tell.accept(
                        "interrupted: the step under way is finished and saved; press Ctrl-C again to end without it");
            } else if (now - first.get() > ONE_PRESS_NANOS) {
                Runtime.getRuntime().halt(INTERRUPTED);
            }
        }
    }

    private static void say(PrintWriter err, boolean speaks, String text) {
        if (speaks) {
            err.println(text);
            err.flush();
        }
    }

    private static void tell(FineTuning run, RunSummary summary, Path output, PrintWriter err) {
        String result = run.loaded().adapter().isPresent() ? "adapter" : "model";
        err.println((summary.finished() ? "done after " : "interrupted after ") + summary.steps() + " steps, saved the "
                + result + " to " + output);
        run.loaded().backend().profile().ifPresent(profile -> err.print("\n" + profile.table()));
        List<Path> merged = run.loaded().merged();
        if (!merged.isEmpty()) {
            err.println("the adapter belongs on top of " + merged + ": name them before it, as -a FOLDER each");
        }
        err.flush();
    }

    /// Says how much of the model a run changes when it starts.
    private static TrainingListener counting(LoadedModel loaded, PrintWriter err) {
        return new TrainingListener() {
            @Override
            public void started(RunPlan plan) {
                long trained = loaded.trainedCount();
                long all = loaded.count();
                err.printf(
                        Locale.ROOT, "training %,d of %,d parameters (%.2f %%)%n", trained, all, 100.0 * trained / all);
                err.flush();
            }
        };
    }

    /// Holds the JVM's end back until the run has saved.
    private static void stop(FineTuning run, CountDownLatch done) {
        run.stop();
        try {
            done.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
