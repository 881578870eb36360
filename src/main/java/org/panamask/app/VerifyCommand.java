package org.panamask.app;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.verify.FixtureFolder;
import org.panamask.verify.KindSummary;
import org.panamask.verify.Verification;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Runs the golden cases on this machine.
@Command(name = "verify", description = "Compare this machine with the reference implementations' numbers.")
final class VerifyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "FOLDER",
            description = "folder that holds family folders such as ddm/; the bundled cases when left out")
    private Optional<Path> folder = Optional.empty();

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description = "backend to check: cpu, cuda or reference; reference and cpu when left out")
    private Optional<String> backend = Optional.empty();

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "number type to check it in; f32 when left out, and f64 too for the reference")
    private Optional<Precision> dtype = Optional.empty();

    /// Made by picocli.
    VerifyCommand() {}

    private record Run(String backend, Precision precision) {}

    private static final List<Run> RUNS = List.of(
            new Run("reference", Precision.F64), new Run("reference", Precision.F32), new Run("cpu", Precision.F32));

    @Override
    public Integer call() {
        Path root =
                folder.orElseGet(() -> Path.of(System.getProperty("panamask.fixtures", "src/test/resources/fixtures")));
        if (!Files.isDirectory(root)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "verify: " + root + " must be a folder that holds families of golden cases such as ddm, but there"
                            + " is no such folder; name it, or start in the folder of the project");
        }
        PrintWriter out = spec.commandLine().getOut();
        int missed = 0;
        for (Run run : runs()) {
            BackendSettings settings =
                    BackendSettings.defaults().with("name", run.backend()).with("dtype", run.precision());
            try (Backend backend = Backends.open(settings)) {
                missed += verify(backend, run, root, out);
            } catch (BackendException refused) {
                out.println(run.backend() + ": " + refused.getMessage());
                missed++;
            }
        }
        out.flush();
        return missed == 0 ? 0 : 1;
    }

    private List<Run> runs() {
        if (dtype.isPresent()) {
            return List.of(new Run(backend.orElse("cpu"), dtype.get()));
        }
        if (backend.isPresent() && RUNS.stream().noneMatch(run -> run.backend().equals(backend.get()))) {
            return List.of(new Run(backend.get(), Precision.F32));
        }
        return RUNS.stream()
                .filter(run -> backend.isEmpty() || run.backend().equals(backend.get()))
                .toList();
    }

    private static int verify(Backend backend, Run run, Path root, PrintWriter out) {
        int missed = 0;
        String device = run.backend() + " " + run.precision().name().toLowerCase(Locale.ROOT);
        for (FixtureFolder family : FixtureFolder.families(root)) {
            for (KindSummary kind : new Verification(backend, run.precision()).run(family)) {
                out.println(line(device, family.name(), kind));
                kind.misses().forEach(miss -> out.println("    " + miss));
                missed += kind.misses().size();
                out.flush();
            }
        }
        return missed;
    }

    private static String line(String device, String family, KindSummary kind) {
        StringBuilder text = new StringBuilder("%-14s %-26s".formatted(device, family + "/" + kind.kind()));
        text.append("%4d passed".formatted(kind.passed()));
        if (kind.passed() > 0) {
            text.append(", %5.1f %% of tolerance used".formatted(100 * kind.largestShare()));
        }
        if (!kind.misses().isEmpty()) {
            text.append(", ").append(kind.misses().size()).append(" MISSED");
        }
        if (kind.notSupportedCases() > 0) {
            text.append(", ")
                    .append(kind.notSupportedCases())
                    .append(" not supported yet: ")
                    .append(String.join(", ", kind.notSupported()));
        }
        return text.toString();
    }
}
