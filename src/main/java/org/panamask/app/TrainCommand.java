package org.panamask.app;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.panamask.FineTuning;
import org.panamask.report.ProgressLine;
import org.panamask.report.RunSummary;
import org.panamask.train.Recipe;
import org.panamask.train.RecipeReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Fine-tunes as a recipe says. An interrupt finishes the step and saves before the JVM ends.
@Command(name = "train", description = "Fine-tune a model as a recipe says.")
final class TrainCommand implements Callable<Integer> {
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
            run.warnings().forEach(warning -> err.println("warning: " + warning));
            err.flush();
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> stop(run, done)));
            RunSummary summary = run.run(progress);
            String result = run.loaded().adapter().isPresent() ? "adapter" : "model";
            err.println((summary.finished() ? "done after " : "interrupted after ") + summary.steps()
                    + " steps, saved the " + result + " to " + read.output());
            run.loaded().backend().profile().ifPresent(profile -> err.print("\n" + profile.table()));
            err.flush();
            return summary.finished() ? 0 : 130;
        } finally {
            done.countDown();
        }
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
