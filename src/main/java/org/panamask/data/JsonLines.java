package org.panamask.data;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Reads a file of one JSON object a line, and collects what is wrong with it instead of stopping at the first line.
final class JsonLines {
    private static final int MAX_PROBLEMS = 20;
    private static final int MAX_LINE_BYTES = 16 << 20;
    // The parser tells where an unfinished object began by a source it was told not to show.
    private static final Pattern START_MARKER = Pattern.compile(" \\(start marker at .*?]\\)");
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /// A rule that one line breaks.
    static final class LineException extends Exception {
        private static final long serialVersionUID = 1L;

        LineException(String rule) {
            super(rule, null, false, false);
        }
    }

    /// Makes a value of one line's object.
    interface Line<T> {
        T from(ObjectNode object) throws LineException;
    }

    private final Path path;
    private final List<String> problems = new ArrayList<>();
    private int problemCount;
    private int number;

    private JsonLines(Path path) {
        this.path = path;
    }

    /// The first `max` values of `path`.
    static <T> List<T> read(Path path, long max, Line<T> line) {
        JsonLines lines = new JsonLines(path);
        List<T> values = open(path, in -> lines.values(in, max, line));
        if (lines.problemCount > lines.problems.size()) {
            lines.problems.add("and " + (lines.problemCount - lines.problems.size()) + " more lines of " + path);
        }
        if (!lines.problems.isEmpty()) {
            throw new DataException(String.join("\n", lines.problems));
        }
        return values;
    }

    /// Hands the bytes of `path` to `body`.
    static <T> T open(Path path, Reading<T> body) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(path), 1 << 16)) {
            return body.from(in);
        } catch (NoSuchFileException e) {
            throw new DataException(path + ": no such file; name an existing data file", e);
        } catch (IOException e) {
            throw new DataException(path + ": cannot be read, " + e.getMessage() + "; name a readable data file", e);
        }
    }

    /// Reads something from a stream.
    interface Reading<T> {
        T from(InputStream in) throws IOException;
    }

    private <T> List<T> values(InputStream in, long max, Line<T> line) throws IOException {
        List<T> values = new ArrayList<>();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int c = 0;
        while (c >= 0 && values.size() + problemCount < max) {
            bytes.reset();
            long length = 0;
            for (c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
                if (++length <= MAX_LINE_BYTES) {
                    bytes.write(c);
                }
            }
            number++;
            try {
                if (length > MAX_LINE_BYTES) {
                    throw new LineException("a line must not exceed " + MAX_LINE_BYTES + " bytes, but has " + length);
                }
                String text = text(bytes.toByteArray(), number == 1);
                if (!text.isBlank()) {
                    values.add(line.from(object(text)));
                }
            } catch (LineException e) {
                problem(String.valueOf(e.getMessage()));
            }
        }
        return values;
    }

    private void problem(String rule) {
        if (problemCount++ < MAX_PROBLEMS) {
            problems.add(path + ":" + number + ": " + rule);
        }
    }

    /// Strictly decoded UTF-8, without a byte order mark when `first`.
    static String text(byte[] bytes, boolean first) throws LineException {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return first && text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException _) {
            throw new LineException("must be UTF-8; convert the file");
        }
    }

    private static ObjectNode object(String text) throws LineException {
        try {
            if (MAPPER.readTree(text) instanceof ObjectNode object) {
                return object;
            }
            throw new LineException("must be one JSON object a line; write one example on each line");
        } catch (JacksonException e) {
            String first = START_MARKER
                    .matcher(e.getOriginalMessage())
                    .replaceAll("")
                    .lines()
                    .findFirst()
                    .orElse("");
            throw new LineException("must be JSON, but " + first + "; write one JSON object on each line");
        }
    }

    /// The text of field `name`; `absent` says what a missing or null field means.
    static String field(ObjectNode object, String name, Function<String, String> absent) throws LineException {
        JsonNode node = object.get(name);
        if (node == null || node.isNull()) {
            return absent.apply(name);
        }
        if (!node.isString()) {
            throw new LineException(
                    "field '" + name + "' must be a text, but is " + shortened(node) + "; write it in quotes");
        }
        return unicode(name, node.stringValue());
    }

    /// The text of field `name`, which must be there.
    static String required(ObjectNode object, String name, String whatToDo) throws LineException {
        if (!object.hasNonNull(name)) {
            throw new LineException("field '" + name + "' is missing; " + whatToDo);
        }
        return field(object, name, Function.identity());
    }

    private static String unicode(String name, String text) throws LineException {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new LineException("field '" + name + "' holds half of a surrogate pair; repair the text");
        }
        return text;
    }

    private static String shortened(JsonNode node) {
        String text = node.toString();
        return text.length() > 40 ? text.substring(0, 40) + "..." : text;
    }
}
