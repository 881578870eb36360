package org.panamask.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// Reads plain text for training without prompts: a `.txt` file is one document, any other file holds rows with
/// `text`: a JSON object a line, a `.json` array, or a column of a `.csv`.
public final class Documents {
    private Documents() {}

    /// Reads the first `maxSamples` documents of `file`.
    ///
    /// @throws DataException if `maxSamples` is not positive, the file is missing or empty, or with the first 20
    ///     lines that are not documents
    public static List<String> read(Path file, long maxSamples) {
        if (maxSamples < 1) {
            throw new DataException("data.max_samples must be at least 1, not " + maxSamples + "; leave it out to read "
                    + "everything");
        }
        boolean plain = file.toString().toLowerCase(Locale.ROOT).endsWith(".txt");
        List<String> documents = plain
                ? List.of(whole(file))
                : RowFile.read(file, maxSamples, (row, _) -> Fields.required(row, "text", "write {\"text\": ...}"));
        if (documents.stream().allMatch(String::isEmpty)) {
            throw new DataException(file + ": holds no text; write {\"text\": ...} on each line, or name a .txt file");
        }
        return documents;
    }

    private static String whole(Path file) {
        try {
            return JsonLines.text(RowFile.open(file, in -> in.readAllBytes()), true);
        } catch (RowException e) {
            throw new DataException(file + ": " + e.getMessage(), e);
        }
    }
}
