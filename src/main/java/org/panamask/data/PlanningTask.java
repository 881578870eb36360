package org.panamask.data;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// Puzzles made from a seed: data to show and measure training with, without a download. Row `k` of a seed is always
/// the same, whatever the number of rows.
public enum PlanningTask {
    /// 4x4 Sudoku over all 288 grids.
    SUDOKU4,
    /// 4x4 Sudoku over nine of ten grids, to train on.
    SUDOKU4_TRAIN,
    /// 4x4 Sudoku over the remaining grids, held out.
    SUDOKU4_TEST,
    /// A path through a graph given as shuffled edges.
    PATH,
    /// Three numbers and a target to reach with them.
    COUNTDOWN3,
    /// Four numbers and a target to reach with them.
    COUNTDOWN4;

    private static final long SEED_STRIDE = 1_000_003;

    /// The task called `name`, such as `sudoku4-train`.
    ///
    /// @throws DataException if there is none
    public static PlanningTask named(String name) {
        for (PlanningTask task : values()) {
            if (task.title().equals(name)) {
                return task;
            }
        }
        throw new DataException("planning task: there is no '" + name + "'; name one of "
                + String.join(
                        ", ",
                        List.of(values()).stream().map(PlanningTask::title).toList()));
    }

    /// The name in lower case with a hyphen, such as `sudoku4-train`.
    public String title() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// Row `index` of `seed`.
    public Example make(long seed, long index) {
        SplitMix64 random = new SplitMix64(seed * SEED_STRIDE + index);
        return switch (this) {
            case SUDOKU4 -> Sudoku4.puzzle(random, Sudoku4.Grids.ALL);
            case SUDOKU4_TRAIN -> Sudoku4.puzzle(random, Sudoku4.Grids.TRAINING);
            case SUDOKU4_TEST -> Sudoku4.puzzle(random, Sudoku4.Grids.HELD_OUT);
            case PATH -> PathPuzzle.puzzle(random);
            case COUNTDOWN3 -> Countdown.puzzle(random, 3);
            case COUNTDOWN4 -> Countdown.puzzle(random, 4);
        };
    }

    /// The first `count` rows of `seed`.
    public List<Example> make(long seed, int count) {
        return IntStream.range(0, count).mapToObj(k -> make(seed, (long) k)).toList();
    }

    /// Whether `answer` solves `prompt`; any solution counts.
    public boolean check(String prompt, String answer) {
        return switch (this) {
            case SUDOKU4, SUDOKU4_TRAIN, SUDOKU4_TEST -> Sudoku4.check(prompt, answer);
            case PATH -> PathPuzzle.check(prompt, answer);
            case COUNTDOWN3, COUNTDOWN4 -> Countdown.check(prompt, answer);
        };
    }

    /// Writes `examples` in the alpaca form, a line each.
    ///
    /// @throws UncheckedIOException if the file cannot be written
    public static void write(Path file, List<Example> examples) {
        try (BufferedWriter out = Files.newBufferedWriter(file, StandardCharsets.US_ASCII)) {
            for (Example example : examples) {
                out.write("{\"instruction\": " + quoted(example.prompt()) + ", \"input\": \"\", \"output\": "
                        + quoted(example.response()) + "}\n");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be written; name a file in an existing folder", e);
        }
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                case '\b' -> quoted.append("\\b");
                case '\f' -> quoted.append("\\f");
                default -> {
                    if (c < ' ' || c > '~') {
                        quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }
}
