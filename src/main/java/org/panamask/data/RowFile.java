package org.panamask.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// Reads a file of rows, each an object of named fields, and collects what is wrong with it instead of stopping at the
/// first row. Which form it has, its name says.
///
/// @param <T> what is made of a row
final class RowFile<T> {
    private static final int MAX_PROBLEMS = 20;
    /// Most bytes or characters of one row.
    static final int MAX_ROW = 16 << 20;

    /// Makes a value of one row's object; `place` says where the row stands.
    interface Conversion<T> {
        T from(ObjectNode row, String place) throws RowException;
    }

    /// Reads something from a stream.
    interface Reading<T> {
        T from(InputStream in) throws IOException;
    }

    /// The forms of files.
    enum Form {
        /// A JSON object a line.
        JSONL,
        /// A JSON array of objects, or a JSON object a line.
        JSON,
        /// Comma-separated values under a line of names.
        CSV,
        /// A row a line, whose only field is `text`.
        TXT;

        /// The form that the name of `path` promises; empty for another name.
        ///
        /// @throws DataException if it is a form that is not read
        static Optional<Form> of(Path path) {
            String name = path.toString().toLowerCase(Locale.ROOT);
            for (String other : List.of("parquet", "arrow")) {
                if (name.endsWith("." + other)) {
                    throw new DataException(
                            path + ": " + other + " files are not read; convert it to JSONL, JSON, CSV or text");
                }
            }
            for (Form form : values()) {
                if (name.endsWith("." + form.name().toLowerCase(Locale.ROOT))) {
                    return Optional.of(form);
                }
            }
            return Optional.empty();
        }
    }

    private final Path path;
    private final long max;
    private final Conversion<T> conversion;
    private final List<T> values = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private int problemCount;

    private RowFile(Path path, long max, Conversion<T> conversion) {
        this.path = path;
        this.max = max;
        this.conversion = conversion;
    }

    /// The first `max` values of `path`, which is taken for JSONL unless its name says otherwise.
    ///
    /// @throws DataException if the file is missing or cannot be read, or with its first 20 problems
    static <T> List<T> read(Path path, long max, Conversion<T> conversion) {
        RowFile<T> rows = new RowFile<>(path, max, conversion);
        Form form = Form.of(path).orElse(Form.JSONL);
        open(path, in -> {
            switch (form) {
                case JSONL -> JsonLines.read(in, rows);
                case JSON -> JsonArray.read(in, rows);
                case CSV -> CsvRows.read(in, rows);
                case TXT -> TextLines.read(in, rows);
            }
            return form;
        });
        return rows.finished();
    }

    private List<T> finished() {
        if (problemCount > problems.size()) {
            problems.add("and " + (problemCount - problems.size()) + " more lines of " + path);
        }
        if (!problems.isEmpty()) {
            throw new DataException(String.join("\n", problems));
        }
        return values;
    }

    /// Hands the bytes of `path` to `body`.
    static <T> T open(Path path, Reading<T> body) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(path), 1 << 16)) {
            return body.from(in);
        } catch (NoSuchFileException e) {
            throw new DataException(path + ": no such file; name an existing data file", e);
        } catch (CharacterCodingException e) {
            throw new DataException(path + ": must be UTF-8; convert the file", e);
        } catch (IOException e) {
            throw new DataException(path + ": cannot be read, " + e.getMessage() + "; name a readable data file", e);
        }
    }

    /// Whether as many rows were seen as are wanted.
    boolean isFull() {
        return values.size() + problemCount >= max;
    }

    /// Takes the row that stands at `place`, such as `7`.
    void row(String place, ObjectNode row) {
        try {
            values.add(conversion.from(row, path + ":" + place));
        } catch (RowException e) {
            problem(place, String.valueOf(e.getMessage()));
        }
    }

    /// Notes that the row at `place` breaks `rule`.
    void problem(String place, String rule) {
        if (problemCount++ < MAX_PROBLEMS) {
            problems.add(path + ":" + place + ": " + rule);
        }
    }
}
