package org.panamask.data;

import java.nio.file.Path;
import java.util.List;

/// Reads questions and answers in the alpaca form: rows with `instruction`, `input` and `output`.
public final class Examples {
    private Examples() {}

    /// Reads every example of `file`.
    ///
    /// @throws DataException if the file is missing or empty, or with the first 20 rows that are not examples
    public static List<Example> read(Path file) {
        return read(file, Long.MAX_VALUE);
    }

    /// Reads the first `maxSamples` examples of `file`: a JSON object a line, a `.json` array or a `.csv` file.
    /// Blank lines are skipped. The prompt is the non-empty ones of instruction and input, joined by a newline.
    ///
    /// @throws DataException if `maxSamples` is not positive, the file is missing or empty, or with the first 20
    ///     rows that are not examples
    public static List<Example> read(Path file, long maxSamples) {
        return Conversations.ofFile(file, Conversations.Use.SINGLE_TURN, maxSamples).rows().stream()
                .map(Conversation::singleTurn)
                .toList();
    }
}
