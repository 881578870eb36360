package org.panamask.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Reads one JSON object a line.
final class JsonLines {
    // The parser tells where an unfinished object began by a source it was told not to show.
    private static final Pattern START_MARKER = Pattern.compile(" \\(start marker at .*?]\\)");
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonLines() {}

    /// Hands each line of `in` that is not blank to `rows`.
    static void read(InputStream in, RowFile<?> rows) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int c = 0;
        for (int number = 1; c >= 0 && !rows.isFull(); number++) {
            bytes.reset();
            long length = 0;
            for (c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
                if (++length <= RowFile.MAX_ROW) {
                    bytes.write(c);
                }
            }
            String place = Integer.toString(number);
            try {
                if (length > RowFile.MAX_ROW) {
                    throw new RowException("a line must not exceed " + RowFile.MAX_ROW + " bytes, but has " + length);
                }
                String text = text(bytes.toByteArray(), number == 1);
                if (!text.isBlank()) {
                    rows.row(place, object(text));
                }
            } catch (RowException e) {
                rows.problem(place, String.valueOf(e.getMessage()));
            }
        }
    }

    /// Strictly decoded UTF-8, without a byte order mark when `first`.
    static String text(byte[] bytes, boolean first) throws RowException {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return first && text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException _) {
            throw new RowException("must be UTF-8; convert the file");
        }
    }

    private static ObjectNode object(String text) throws RowException {
        try {
            if (MAPPER.readTree(text) instanceof ObjectNode object) {
                return object;
            }
            throw new RowException("must be one JSON object a line; write one example on each line");
        } catch (JacksonException e) {
            throw new RowException("must be JSON, but " + reason(e) + "; write one JSON object on each line");
        }
    }

    /// What the parser says, without where it was.
    static String reason(JacksonException e) {
        return START_MARKER
                .matcher(String.valueOf(e.getOriginalMessage()))
                .replaceAll("")
                .lines()
                .findFirst()
                .orElse("");
    }
}
