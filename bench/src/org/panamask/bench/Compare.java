package org.panamask.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.panamask.backend.BackendException;
import org.panamask.backend.Precision;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/// Runs this library and PyTorch in turns on the same weights: first whether both compute the same numbers, then how
/// long each takes.
@Command(
        name = "bench/compare",
        sortOptions = false,
        description = "Run ours and PyTorch in turns: check that both compute the same numbers, then time both.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:done",
            "1:the numbers differ, or the peer failed",
            "2:wrong usage, or a number type that cannot run here"
        })
final class Compare implements Callable<Integer> {
    /// Threads of either side that still spin for work have gone to sleep by then.
    private static final long PAUSE_MILLIS = 200;

    @Option(
            names = "--python",
            required = true,
            paramLabel = "PY",
            description = "A Python with torch and transformers; for --work train also peft.")
    private String python = "";

    @Option(names = "--dtype", paramLabel = "TYPE", description = "f32, bf16 or all (default).")
    private Types types = Types.ALL;

    @Option(names = "--work", paramLabel = "WORK", description = "step, train, generate, llada or all (default).")
    private Works works = Works.ALL;

    @Option(
            names = "--llada",
            paramLabel = "DIR",
            description = "A checkout of ML-GSAI/LLaDA, whose generate.py is the peer of --work llada.")
    private Path llada = Path.of("");

    @Option(names = "--reps", paramLabel = "N", description = "Timed repetitions of each (default ${DEFAULT-VALUE}).")
    private int repetitions = 7;

    @Option(names = "--out", paramLabel = "FILE", description = "Where the JSON goes (default target/compare.json).")
    private Path out = home().resolve("target/compare.json");

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    private boolean help;

    private enum Types {
        F32(Precision.F32),
        BF16(Precision.BF16),
        ALL(Precision.F32, Precision.BF16);

        private final List<Precision> precisions;

        Types(Precision... precisions) {
            this.precisions = List.of(precisions);
        }
    }

    private enum Works {
        STEP(WorkKind.STEP),
        TRAIN(WorkKind.TRAIN),
        GENERATE(WorkKind.GENERATE),
        LLADA(WorkKind.LLADA),
        ALL(WorkKind.values());

        private final List<WorkKind> kinds;

        Works(WorkKind... kinds) {
            this.kinds = List.of(kinds);
        }
    }

    private Compare() {}

    /// Compares as `arguments` say.
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Compare())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, _, _) -> {
                    if (failure instanceof PeerException) {
                        System.err.println("compare: " + failure.getMessage());
                        return ExitCode.SOFTWARE;
                    }
                    throw failure;
                })
                .execute(arguments));
    }

    private static Path home() {
        return Path.of(System.getProperty("panamask.home", "."));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (repetitions < 1) {
            System.err.println("compare: --reps must be at least 1, but got " + repetitions);
            return ExitCode.USAGE;
        }
        CompareReport report = new CompareReport();
        int status = ExitCode.OK;
        boolean ran = false;
        for (Precision precision : types.precisions) {
            for (WorkKind kind : works.kinds) {
                if (kind == WorkKind.LLADA && !Files.isRegularFile(llada.resolve("generate.py"))) {
                    System.err.println("compare: llada left out: it needs LLaDA's own generate.py; give its folder in"
                            + " --llada");
                    continue;
                }
                try {
                    status = Math.max(status, compare(kind, precision, report) ? ExitCode.OK : ExitCode.SOFTWARE);
                    ran = true;
                } catch (BackendException refused) {
                    System.err.println("compare: " + name(precision) + " left out: " + refused.getMessage());
                    break;
                }
            }
        }
        if (!ran) {
            return ExitCode.USAGE;
        }
        report.write(out);
        report.print(System.out);
        System.out.println("Written to " + out);
        return status;
    }

    /// Whether the numbers agree; nothing is timed otherwise.
    private boolean compare(WorkKind kind, Precision precision, CompareReport report)
            throws IOException, InterruptedException {
        Path folder = Files.createDirectories(home().resolve("target/compare"));
        BenchModel.require(precision);
        // The peer first: it makes the model folder, and inherits nothing that our native libraries set.
        try (Peer peer = Peer.start(
                        new Peer.Call(python, home().resolve("bench/peer_torch.py"), folder, llada), kind, precision);
                Work work = kind.open(BenchModel.load(folder.resolve("model"), precision), folder)) {
            report.machine(Machine.describe(work.model().backend()), peer.facts());
            List<Agreement> agreements = work.check(peer);
            boolean agree = agreements.stream().allMatch(Agreement::holds);
            System.err.println("compare: " + name(precision) + " " + name(kind) + ": "
                    + (agree ? "same numbers" : "the numbers differ, nothing timed"));
            report.result(kind, precision, agreements, agree ? time(kind, work, peer) : List.of());
            report.profile(work.model().backend().profile().orElseThrow());
            return agree;
        }
    }

    private List<Turn> time(WorkKind kind, Work work, Peer peer) throws InterruptedException {
        List<Turn> turns = new ArrayList<>();
        for (int turn = -kind.warmups(); turn < repetitions; turn++) {
            if (turn == 0) {
                work.model().backend().profile().orElseThrow().clear();
            }
            Thread.sleep(PAUSE_MILLIS);
            double ours = work.repeat();
            Thread.sleep(PAUSE_MILLIS);
            double peers = peer.repeat();
            if (turn >= 0) {
                turns.add(new Turn(ours, peers));
                System.err.printf(Locale.ROOT, "compare:   ours %.1f ms, peer %.1f ms%n", ours, peers);
            }
        }
        return turns;
    }

    static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
