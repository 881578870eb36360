package org.panamask.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.panamask.config.Require;
import org.panamask.data.PlanningTask;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Writes puzzles to train on.
@Command(name = "puzzles", description = "Write puzzles made from a seed, to train on.")
final class PuzzlesCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            index = "0",
            paramLabel = "TASK",
            description = "sudoku4, sudoku4-train, sudoku4-test, path, countdown3 or countdown4")
    private String task = "";

    @Option(names = "--rows", defaultValue = "20000", description = "how many (default ${DEFAULT-VALUE})")
    private int rows;

    @Option(names = "--seed", defaultValue = "1", description = "another seed, other rows (default ${DEFAULT-VALUE})")
    private long seed;

    @Option(
            names = {"-o", "--output"},
            required = true,
            paramLabel = "FILE",
            description = "the JSONL file to write")
    private Path output = Path.of("");

    /// Made by picocli.
    PuzzlesCommand() {}

    @Override
    public Integer call() {
        Require.atLeast("--rows", rows, 1);
        PlanningTask puzzles = PlanningTask.named(task);
        Path folder = output.toAbsolutePath().getParent();
        if (folder != null) {
            try {
                Files.createDirectories(folder);
            } catch (IOException failure) {
                throw new UncheckedIOException(folder + ": cannot be made; name a file in another folder", failure);
            }
        }
        PlanningTask.write(output, puzzles.make(seed, rows));
        spec.commandLine().getOut().println("%d rows in %s".formatted(rows, output));
        return 0;
    }
}
