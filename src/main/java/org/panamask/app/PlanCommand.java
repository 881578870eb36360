package org.panamask.app;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.panamask.backend.Backend;
import org.panamask.backend.Backends;
import org.panamask.checkpoint.HubFolder;
import org.panamask.config.ByteSize;
import org.panamask.config.SettingException;
import org.panamask.model.Models;
import org.panamask.plan.Change;
import org.panamask.plan.MemoryLimit;
import org.panamask.plan.MemoryPlan;
import org.panamask.plan.PublishedModels;
import org.panamask.train.Recipe;
import org.panamask.train.RecipeReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Says what a run needs before it is started.
@Command(
        name = "plan",
        description = "Say what a run needs: parameters, memory by owner, operations. Loads no weights.")
final class PlanCommand implements Callable<Integer> {
    private static final int SHOWN = 4;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", arity = "0..1", paramLabel = "RECIPE", description = "YAML file; see panamask recipe")
    private Optional<Path> recipe = Optional.empty();

    @Parameters(index = "1..*", arity = "0..*", paramLabel = "KEY=VALUE", description = "keys to change")
    private List<String> overrides = List.of();

    @Option(
            names = "--tokens",
            paramLabel = "N",
            description = "tokens of the longest row (default: data.max_tokens of the recipe)")
    private Optional<Integer> tokens = Optional.empty();

    @Option(names = "--published", description = "the table of well-known models on a device of 48 GB, as a page")
    private boolean published;

    /// Made by picocli.
    PlanCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (published) {
            out.print(PublishedModels.markdown());
            out.flush();
            return 0;
        }
        Path file = recipe.orElseThrow(
                () -> new ParameterException(spec.commandLine(), "plan: name a recipe, or give --published"));
        return plan(RecipeReader.read(file, overrides), out);
    }

    private int plan(Recipe read, PrintWriter out) {
        int columns = tokens.orElse(read.data().maxTokens());
        requirePositions(read, columns);
        try (Backend backend = Backends.open(read.backend())) {
            MemoryLimit limit = MemoryLimit.of(read.backend(), backend);
            MemoryPlan plan = MemoryPlan.of(read, backend.memoryModel(), columns);
            out.printf(
                    Locale.ROOT,
                    "parameters  %,d, of which %,d are trained (%.2f %%)%n",
                    plan.parameters(),
                    plan.trained(),
                    100.0 * plan.trained() / plan.parameters());
            boolean fits = plan.total() <= limit.bytes();
            out.printf("memory      %s: %s%n", ByteSize.show(plan.total()), plan.parts());
            out.printf(
                    "            %s into %s, %s%n",
                    fits ? "fits" : "does NOT fit", ByteSize.show(limit.bytes()), limit.source());
            step(read, plan, columns, out);
            if (!fits) {
                Change.cheapest(read, backend.memoryModel(), columns, limit.bytes())
                        .forEach(change -> out.println("would fit   " + change.text()));
            }
            out.flush();
            return fits ? 0 : 1;
        }
    }

    private static void requirePositions(Recipe read, int columns) {
        int positions =
                Models.config(HubFolder.config(read.model().path())).facts().maxPositions();
        if (columns > positions) {
            throw new SettingException("plan: the model has positions for " + positions + " tokens, but the longest row"
                    + " may have " + columns + "; lower data.max_tokens, or say with --tokens how long it is");
        }
    }

    private static void step(Recipe read, MemoryPlan plan, int columns, PrintWriter out) {
        long rows = (long) read.train().microBatch() * read.train().accumulate();
        out.printf(
                Locale.ROOT,
                "step        at most %s for %,d rows of %,d tokens: %s%n",
                operations(plan.totalFlops()),
                rows,
                columns,
                shares(plan));
        if (read.train().maxSteps() > 0) {
            out.printf(
                    Locale.ROOT,
                    "run         at most %s in %,d steps%n",
                    operations((double) plan.totalFlops() * read.train().maxSteps()),
                    read.train().maxSteps());
        }
    }

    private static String shares(MemoryPlan plan) {
        return plan.flops().entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()))
                .limit(SHOWN)
                .map(one -> String.format(
                        Locale.ROOT, "%s %.0f %%", one.getKey(), 100.0 * one.getValue() / plan.totalFlops()))
                .reduce((all, one) -> all + ", " + one)
                .orElse("");
    }

    private static String operations(double count) {
        String[] units = {"", "K", "M", "G", "T", "P", "E", "Z"};
        int unit = 0;
        double left = count;
        while (left >= 1000 && unit < units.length - 1) {
            left /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, "%.2f %sFLOP", left, units[unit]);
    }
}
