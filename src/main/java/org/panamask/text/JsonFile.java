package org.panamask.text;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// One JSON object read from a file, within bounds of size and depth.
record JsonFile(Path path, ObjectNode root) {
    private static final long MAX_BYTES = 64L << 20;
    private static final int MAX_DEPTH = 64; // the native parser stops at 128
    // The parser tells where an unfinished object began by a source it was told not to show.
    private static final Pattern START_MARKER = Pattern.compile(" \\(start marker at .*?]\\)");
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .build())
                    .build())
            .build();

    static JsonFile read(Path path, String whatToDo) {
        byte[] bytes = bytes(path, whatToDo);
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            if (MAPPER.readTree(text) instanceof ObjectNode object) {
                return new JsonFile(path, object);
            }
            throw new TokenizerException(path + ": must hold one JSON object; " + whatToDo);
        } catch (CharacterCodingException e) {
            throw new TokenizerException(path + ": is not UTF-8; " + whatToDo, e);
        } catch (JacksonException e) {
            String place = e.getLocation() == null
                    ? ""
                    : ":" + e.getLocation().getLineNr() + ":" + e.getLocation().getColumnNr();
            String mistake = START_MARKER.matcher(e.getOriginalMessage()).replaceAll("");
            throw new TokenizerException(path + place + ": must be JSON, but " + mistake + "; " + whatToDo, e);
        }
    }

    /// An object without entries that would stand at `path`.
    static JsonFile empty(Path path) {
        return new JsonFile(path, MAPPER.createObjectNode());
    }

    private static byte[] bytes(Path path, String whatToDo) {
        try {
            if (!Files.isRegularFile(path)) {
                throw new NoSuchFileException(path.toString());
            }
            long size = Files.size(path);
            if (size > MAX_BYTES) {
                throw new TokenizerException(
                        path + ": must not exceed " + MAX_BYTES + " bytes, but has " + size + "; " + whatToDo);
            }
            return Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            throw new TokenizerException(path + ": no such file; " + whatToDo, e);
        } catch (IOException e) {
            throw new TokenizerException(path + ": cannot be read, " + e.getMessage() + "; " + whatToDo, e);
        }
    }

    /// The object as UTF-8 bytes; fails on half surrogate pairs, which native code would drop.
    byte[] utf8() {
        try {
            return MAPPER.writeValueAsBytes(root);
        } catch (JacksonException e) {
            throw new TokenizerException(
                    path + ": holds text that is not Unicode, " + e.getOriginalMessage() + "; fetch the file again", e);
        }
    }

    /// A failure at `place` of this file.
    TokenizerException broken(String place, String rule) {
        return new TokenizerException(path + ": " + place + ": " + rule);
    }

    /// The child `name` of `node` when present and not null.
    static Optional<JsonNode> child(JsonNode node, String name) {
        return Optional.ofNullable(node.get(name)).filter(value -> !value.isNull());
    }
}
