package org.panamask.checkpoint;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// JSON out of files nobody vouches for: bounded, strictly UTF-8, no name twice in an object.
final class JsonText {
    static final long MOST_BYTES = 100_000_000;
    // The parser tells where an unfinished object began by a source it was told not to show.
    private static final Pattern START_MARKER = Pattern.compile(" \\(start marker at .*?]\\)");
    /// Property names are neither interned nor kept in a symbol table: they are tensor names, as many as a
    /// file likes.
    static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
                    .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxNestingDepth(100).build())
                    .build())
            .build();
    /// For headers, whose reader keeps the names itself and says which came twice.
    static final JsonMapper STREAM = JsonMapper.builder(JsonFactory.builder()
                    .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
                    .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxNestingDepth(8).build())
                    .build())
            .build();

    private JsonText() {}

    /// The object in `file`.
    static ObjectNode readObject(Path file) {
        return object(Printable.name(file), readBytes(file));
    }

    /// The object in `bytes`; `label` stands for the file in messages.
    static ObjectNode object(String label, byte[] bytes) {
        requireUtf8(label, label, bytes);
        try {
            if (MAPPER.readTree(reader(bytes)) instanceof ObjectNode object) {
                return object;
            }
        } catch (JacksonException e) {
            throw new CheckpointException(label + ": the file must be JSON, but got " + mistake(e) + "; correct it");
        }
        throw new CheckpointException(
                label + ": the file must hold one JSON object, but got something else; fetch it again");
    }

    static Reader reader(byte[] utf8) {
        return new InputStreamReader(new ByteArrayInputStream(utf8), StandardCharsets.UTF_8);
    }

    static String mistake(JacksonException e) {
        TokenStreamLocation at = e.getLocation();
        String where = at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
        String what =
                START_MARKER.matcher(String.valueOf(e.getOriginalMessage())).replaceAll("");
        return "a mistake" + where + " (" + Printable.of(what) + ")";
    }

    /// Decodes in pieces, so that a check of 100 MB costs kilobytes.
    static void requireUtf8(String file, String what, byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer piece = CharBuffer.allocate(8192);
        CoderResult result;
        do {
            result = decoder.decode(in, piece, true);
            piece.clear();
        } while (result.isOverflow());
        try {
            if (result.isError()) {
                result.throwException();
            }
        } catch (CharacterCodingException _) {
            throw new CheckpointException(file + ": " + (what.equals(file) ? "the file" : what)
                    + " must be UTF-8, but got other bytes at byte " + in.position() + "; fetch or write it again");
        }
    }

    static void requireRegularFile(Path file) {
        if (!Files.exists(file)) {
            throw new CheckpointException(
                    file + ": the file must exist, but there is none; check the path",
                    new NoSuchFileException(file.toString()));
        }
        // A pipe or a device would block or never end.
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException(file + ": a file is needed, but got a folder or device; check the path");
        }
    }

    private static byte[] readBytes(Path file) {
        requireRegularFile(file);
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes((int) MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw new CheckpointException(Printable.name(file) + ": a file of settings has at most " + MOST_BYTES
                        + " bytes, but got more; check the path");
            }
            return bytes;
        } catch (IOException e) {
            throw CheckpointException.unreadable(file, e);
        }
    }
}
