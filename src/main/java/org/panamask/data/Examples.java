package org.panamask.data;

import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/// Reads questions and answers in the alpaca form: a JSON object a line with `instruction`, `input` and `output`.
public final class Examples {
    private static final String FORM = "write {\"instruction\": ..., \"input\": ..., \"output\": ...}";

    private Examples() {}

    /// Reads every example of `file`.
    ///
    /// @throws DataException if the file is missing or empty, or with the first 20 lines that are not examples
    public static List<Example> read(Path file) {
        return read(file, Long.MAX_VALUE);
    }

    /// Reads the first `maxSamples` examples of `file`. Blank lines are skipped. The prompt is the non-empty ones
    /// of instruction and input, joined by a newline.
    ///
    /// @throws DataException if `maxSamples` is not positive, the file is missing or empty, or with the first 20
    ///     lines that are not examples
    public static List<Example> read(Path file, long maxSamples) {
        if (maxSamples < 1) {
            throw new DataException("data.max_samples must be at least 1, not " + maxSamples + "; leave it out to read "
                    + "everything");
        }
        List<Example> examples = JsonLines.read(file, maxSamples, Examples::example);
        if (examples.isEmpty()) {
            throw new DataException(file + ": holds no examples; " + FORM + " on each line");
        }
        return examples;
    }

    private static Example example(ObjectNode row) throws JsonLines.LineException {
        if (!row.has("instruction") && !row.has("input")) {
            throw new JsonLines.LineException("field 'instruction' is missing; " + FORM);
        }
        if (row.path("history").size() > 0) {
            throw new JsonLines.LineException(
                    "field 'history' must be empty, rows have one turn; split the conversation");
        }
        String instruction = JsonLines.field(row, "instruction", _ -> "");
        String input = JsonLines.field(row, "input", _ -> "");
        String output = JsonLines.required(row, "output", FORM);
        String between = instruction.isEmpty() || input.isEmpty() ? "" : "\n";
        return new Example(instruction + between + input, output);
    }
}
