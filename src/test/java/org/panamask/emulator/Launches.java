package org.panamask.emulator;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.panamask.backend.Backend;

/// What the report of a backend on a GPU says of launches.
///
/// @param commands that were launched by themselves
/// @param replays launches of graphs
/// @param graphs that were made
public record Launches(long commands, long replays, long graphs) {
    private static final Pattern LINE =
            Pattern.compile("(\\d+) commands by themselves, (\\d+) graph launches of (\\d+) graphs");

    /// The counts of now.
    public static Launches of(Backend backend) {
        String line = backend.report().getOrDefault("launches", "");
        Matcher counts = LINE.matcher(line);
        if (!counts.matches()) {
            throw new IllegalStateException("no counts of launches: '" + line + "'");
        }
        return new Launches(count(counts, 1), count(counts, 2), count(counts, 3));
    }

    private static long count(Matcher counts, int group) {
        return Long.parseLong(counts.group(group));
    }

    /// What came since `before`.
    public Launches since(Launches before) {
        return new Launches(commands - before.commands, replays - before.replays, graphs - before.graphs);
    }
}
