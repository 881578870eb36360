package org.panamask.data;

import java.io.IOException;
import java.io.InputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Reads a JSON array of objects, one after the other.
final class JsonArray {
    private static final int LOOKED_AT = 1 << 12;
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(RowFile.MAX_ROW)
                            .build())
                    .build())
            .build();

    private JsonArray() {}

    /// Hands each element of the array in `in` to `rows`; a file that does not begin with a bracket is read as a
    /// JSON object a line, as Hugging Face's loader does.
    static void read(InputStream in, RowFile<?> rows) throws IOException {
        if (!beginsWithBracket(in)) {
            JsonLines.read(in, rows);
            return;
        }
        int number = 1;
        try (JsonParser parser = MAPPER.createParser(in)) {
            parser.nextToken();
            for (; !rows.isFull() && parser.nextToken() != JsonToken.END_ARRAY; number++) {
                String place = parser.currentTokenLocation().getLineNr() + ": row " + number;
                JsonNode element = parser.readValueAsTree();
                if (element instanceof ObjectNode object) {
                    rows.row(place, object);
                } else {
                    rows.problem(
                            place,
                            "must be a JSON object, but is " + Fields.shortened(element)
                                    + "; write an array of objects");
                }
            }
            if (!rows.isFull() && parser.nextToken() != null) {
                rows.problem(
                        Integer.toString(parser.currentTokenLocation().getLineNr()),
                        "must end after its array; write one array of objects");
            }
        } catch (JacksonException e) {
            rows.problem(
                    Math.max(1, e.getLocation().getLineNr()) + ": row " + number,
                    "must be JSON, but " + JsonLines.reason(e) + "; write an array of objects");
        }
    }

    private static boolean beginsWithBracket(InputStream in) throws IOException {
        in.mark(LOOKED_AT);
        boolean bracket = false;
        for (int looked = 0; looked < LOOKED_AT; looked++) {
            int c = in.read();
            boolean skipped = c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xEF || c == 0xBB || c == 0xBF;
            if (!skipped) {
                bracket = c == '[';
                break;
            }
        }
        in.reset();
        return bracket;
    }
}
