package org.panamask.bench.kit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A process that ran, or was ended at its limit.
///
/// @param exit its exit code
/// @param ended whether it was ended because it took too long
/// @param log what it printed
record Child(int exit, boolean ended, Path log) {
    private static final int ENDED = 137;

    /// Runs `command`, in the folder of its log, for at most `limit`; afterwards nothing that it started runs any
    /// more.
    static Child run(List<String> command, Path log, Duration limit) throws IOException, InterruptedException {
        Files.createDirectories(log.getParent());
        Process process = new ProcessBuilder(command)
                .directory(log.getParent().toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        try {
            boolean done = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            return new Child(done ? process.exitValue() : ENDED, !done, log);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            process.waitFor();
        }
    }

    /// What it printed.
    String text() throws IOException {
        return Files.exists(log) ? Files.readString(log) : "";
    }

    /// The last line that says something.
    String lastLine() throws IOException {
        String line = lastLineWith(log, "");
        return line.isEmpty() ? "no output" : line;
    }

    /// The last line of `log` that is not blank and has `part` in it; empty if there is none.
    static String lastLineWith(Path log, String part) throws IOException {
        if (!Files.exists(log)) {
            return "";
        }
        return Files.readString(log)
                .lines()
                .filter(line -> !line.isBlank() && line.contains(part))
                .reduce("", (_, line) -> line.strip());
    }
}
