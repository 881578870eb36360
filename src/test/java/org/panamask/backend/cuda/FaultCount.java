package org.panamask.backend.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Counts the calls that a test made fail, and keeps the numbers in `target/faults.md`, one row for each kind of
/// work.
final class FaultCount {
    private static final Path FILE = Path.of("target/faults.md");
    private static final String HEAD = """
            # Calls that were made to fail

            Each time the request that met the failure says which call it was, nothing is owed at the end, and the next
            request gives the numbers of undisturbed ones.

            | work | calls failed | said by the request | said at the end | places in our code |
            |---|---|---|---|---|
            """;

    private final String work;
    private final Set<List<StackTraceElement>> places = new HashSet<>();
    private int failed;
    private int said;
    private int late;

    /// Counts for `work`, which names a row.
    FaultCount(String work) {
        this.work = work;
    }

    /// A call failed, and its request threw `failure`.
    void said(Throwable failure) {
        failed++;
        said++;
        Throwable first = failure;
        while (first.getCause() != null) {
            first = first.getCause();
        }
        places.add(ours(first));
    }

    /// A call failed that gives something back, of which the end speaks.
    void late() {
        failed++;
        late++;
    }

    /// A call failed, and was made again.
    void repeated() {
        failed++;
    }

    int failed() {
        return failed;
    }

    /// The calls that led to the failing one inside of the backend, without how they came to it.
    private static List<StackTraceElement> ours(Throwable failure) {
        return List.of(failure.getStackTrace()).stream()
                .filter(frame -> frame.getClassName().startsWith("org.panamask.ffi.")
                        || frame.getClassName().startsWith("org.panamask.backend."))
                .filter(frame -> !frame.getClassName().contains("$$")
                        && !frame.getClassName().contains("Test"))
                .toList();
    }

    /// Writes the row, in place of the one of an earlier run, if anything failed.
    void keep() {
        if (failed == 0) {
            return;
        }
        try {
            List<String> rows = new ArrayList<>();
            if (Files.exists(FILE)) {
                Files.readAllLines(FILE).stream()
                        .filter(line ->
                                line.startsWith("| ") && !line.startsWith("| work ") && !line.startsWith("| all "))
                        .filter(line -> !line.startsWith("| " + work + " |"))
                        .forEach(rows::add);
            }
            rows.add(String.format(Locale.ROOT, "| %s | %d | %d | %d | %d |", work, failed, said, late, places.size()));
            rows.sort(String::compareTo);
            long all = rows.stream()
                    .mapToLong(row -> Long.parseLong(row.split(" \\| ")[1]))
                    .sum();
            rows.add("| all | " + all + " | | | |");
            Files.createDirectories(FILE.getParent());
            Files.writeString(FILE, HEAD + String.join("\n", rows) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
