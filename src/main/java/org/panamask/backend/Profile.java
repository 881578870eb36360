package org.panamask.backend;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Formatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Where the time of a backend's jobs went, operation by operation. The parts of a job are disjoint and sum to the
/// whole: what an operation did not take is [#BETWEEN]. Safe for use by many threads.
public final class Profile {
    /// The part of a job that no operation took: the model's and the tape's own Java, random numbers, reading
    /// results.
    public static final String BETWEEN = "between operations";

    private final Map<String, Job> jobs = new LinkedHashMap<>();

    /// The jobs of one name.
    private static final class Job {
        private final Map<String, Sum> parts = new LinkedHashMap<>();
        private int runs;
        private long nanos;
    }

    private static final class Sum {
        private int calls;
        private long nanos;
        private long flops;

        void add(long took, long operations) {
            calls++;
            nanos += took;
            flops += operations;
        }
    }

    /// What one operation took in all jobs of one name.
    ///
    /// @param operation its name, with the shape of the matrix where it multiplies with one
    /// @param calls how often it ran
    /// @param seconds in all calls together
    /// @param flops floating-point operations of the matrix products in all calls; 0 where they are not counted
    public record Part(String operation, int calls, double seconds, long flops) {}

    /// All jobs of one name.
    ///
    /// @param job the name
    /// @param runs how often it ran
    /// @param seconds in all runs together
    /// @param parts what it consists of, the longest first; their seconds sum to `seconds`
    public record Whole(String job, int runs, double seconds, List<Part> parts) {
        /// Copies the list.
        public Whole {
            parts = List.copyOf(parts);
        }
    }

    /// Nothing measured yet.
    public Profile() {}

    /// Enters one call of `operation` in a job called `job`.
    synchronized void operation(String job, String operation, long nanos, long flops) {
        of(job).parts.computeIfAbsent(operation, _ -> new Sum()).add(nanos, flops);
    }

    /// Enters the end of a job of `nanos` in which operations took all but `between`.
    synchronized void job(String job, long nanos, long between) {
        of(job).runs++;
        of(job).nanos += nanos;
        of(job).parts.computeIfAbsent(BETWEEN, _ -> new Sum()).add(between, 0);
    }

    private Job of(String job) {
        return jobs.computeIfAbsent(job, _ -> new Job());
    }

    /// Forgets what was measured, after a warm-up for instance.
    public synchronized void clear() {
        jobs.clear();
    }

    /// What was measured, in the order in which the jobs first ran.
    public synchronized List<Whole> wholes() {
        List<Whole> wholes = new ArrayList<>();
        jobs.forEach((name, job) -> {
            List<Part> parts = new ArrayList<>();
            job.parts.forEach(
                    (operation, sum) -> parts.add(new Part(operation, sum.calls, sum.nanos / 1e9, sum.flops)));
            parts.sort(Comparator.comparingDouble(Part::seconds).reversed());
            wholes.add(new Whole(name, job.runs, job.nanos / 1e9, parts));
        });
        return List.copyOf(wholes);
    }

    /// A table to read: for each job its operations, the longest first, with calls and milliseconds of one run, the
    /// share of the job, and billions of floating-point operations a second where they are counted.
    public String table() {
        StringBuilder text = new StringBuilder();
        try (Formatter table = new Formatter(text, Locale.ROOT)) {
            wholes().forEach(whole -> add(whole, table));
        }
        return text.toString();
    }

    private static void add(Whole whole, Formatter table) {
        double runs = whole.runs();
        table.format("%s: %d runs of %.3f ms%n", whole.job(), whole.runs(), 1e3 * whole.seconds() / runs);
        table.format("  %-36s %9s %11s %7s %8s%n", "operation", "calls/run", "ms/run", "share", "GFLOP/s");
        for (Part part : whole.parts()) {
            table.format(
                    "  %-36s %9.1f %11.3f %6.1f%%",
                    part.operation(),
                    part.calls() / runs,
                    1e3 * part.seconds() / runs,
                    100 * part.seconds() / whole.seconds());
            if (part.flops() > 0) {
                table.format(" %8.1f", part.flops() / part.seconds() / 1e9);
            }
            table.format("%n");
        }
        table.format("%n");
    }
}
