package org.panamask.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Reads plain text, a row a line.
final class TextLines {
    private TextLines() {}

    /// Hands each line of `in` that is not blank to `rows`, as the field `text`.
    static void read(InputStream in, RowFile<?> rows) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
        int number = 1;
        for (String line = lines.readLine(); line != null && !rows.isFull(); line = lines.readLine()) {
            String text = number == 1 && line.startsWith("\uFEFF") ? line.substring(1) : line;
            if (!text.isBlank()) {
                ObjectNode row = JsonNodeFactory.instance.objectNode();
                row.put("text", text);
                rows.row(Integer.toString(number), row);
            }
            number++;
        }
    }
}
