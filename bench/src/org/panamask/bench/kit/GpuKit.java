package org.panamask.bench.kit;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Checks a GPU step by step, then measures it. A step that fails or takes too long does not stop the others; what an
/// earlier run left in the results folder is kept for the steps that this run does not do.
@Command(
        name = "./run",
        sortOptions = false,
        description = "Check this machine's NVIDIA GPU with Panamask, then measure it, and write a report.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:every step that could run passed", "1:a step failed or took too long", "2:wrong usage"})
final class GpuKit implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--small", description = "Toy sizes: minutes on a GPU, and what the emulator can do.")
    private boolean small;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "STEP",
            description = "These steps alone; a name that ends in * stands for all that begin so.")
    private List<String> only = List.of("*");

    @Option(names = "--skip", split = ",", paramLabel = "STEP", description = "Without these steps.")
    private List<String> skip = List.of();

    @Option(
            names = "--limit",
            paramLabel = "SECONDS",
            description = "The longest that a process of any step may take, where its own limit is not shorter.")
    private long limitSeconds = Duration.ofDays(1).toSeconds();

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            description = "Where report.md, report.json, ratios.svg and logs go (default results beside this command).")
    private Path out = top().resolve("results");

    @Option(
            names = "--python",
            paramLabel = "PY",
            description = "The interpreter that is asked for PyTorch (default ${DEFAULT-VALUE}).")
    private String python = "python3";

    @Option(names = "--list", description = "Say what the steps are and do nothing.")
    private boolean list;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    private boolean help;

    private GpuKit() {}

    /// Does what `arguments` say.
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new GpuKit()).execute(arguments));
    }

    private static Path top() {
        return Path.of(System.getProperty("panamask.kit", ".")).toAbsolutePath().normalize();
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter said = spec.commandLine().getOut();
        KitFolder kit = new KitFolder(top(), out.toAbsolutePath().normalize(), small, python);
        List<Step> all = KitSteps.all();
        refuseUnknown(all);
        if (list) {
            all.forEach(step -> said.printf("%-22s %s%n", step.name(), step.title()));
            return 0;
        }
        Files.createDirectories(kit.results().resolve("logs"));
        Files.createDirectories(kit.results().resolve("steps"));
        Report report = Report.open(kit);
        boolean bad = false;
        for (Step step : all) {
            if (named(step, only) && !named(step, skip)) {
                said.printf("%-22s %s%n", step.name(), step.title());
                said.flush();
                Outcome outcome = report.run(step.within(Duration.ofSeconds(limitSeconds)));
                bad |= outcome.bad();
                said.printf("%22s %s%n", outcome.verdict().name().toLowerCase(Locale.ROOT), outcome.summary());
                said.flush();
            }
        }
        said.println(kit.results().resolve("report.md"));
        said.flush();
        return bad ? 1 : 0;
    }

    private void refuseUnknown(List<Step> all) {
        for (String name : Stream.concat(only.stream(), skip.stream()).toList()) {
            if (all.stream().noneMatch(step -> named(step, List.of(name)))) {
                throw new ParameterException(
                        spec.commandLine(), "run: no step is called '" + name + "'; --list names them");
            }
        }
    }

    private static boolean named(Step step, List<String> names) {
        return names.stream()
                .anyMatch(name -> name.endsWith("*")
                        ? step.name().startsWith(name.substring(0, name.length() - 1))
                        : step.name().equals(name));
    }
}
