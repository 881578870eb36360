package org.panamask.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Reads comma-separated values whose first record names the fields. Every field is text; an empty one is null.
final class CsvRows {
    private CsvRows() {}

    /// Hands each record of `in` after the first to `rows`.
    static void read(InputStream in, RowFile<?> rows) throws IOException {
        CsvRecords records = new CsvRecords(
                new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()), 1 << 16));
        try {
            List<String> names = records.next().orElse(List.of());
            if (new HashSet<>(names).size() < names.size()) {
                rows.problem("1", "every field must have a name of its own, but got " + names + "; rename one");
                return;
            }
            each(records, names, rows);
        } catch (RowException e) {
            rows.problem(Integer.toString(records.firstLine()), String.valueOf(e.getMessage()));
        }
    }

    private static void each(CsvRecords records, List<String> names, RowFile<?> rows) throws IOException {
        boolean more = true;
        while (more && !rows.isFull()) {
            try {
                Optional<List<String>> record = records.next();
                more = record.isPresent();
                if (more) {
                    rows.row(Integer.toString(records.firstLine()), row(names, record.get()));
                }
            } catch (RowException e) {
                rows.problem(Integer.toString(records.firstLine()), String.valueOf(e.getMessage()));
            }
        }
    }

    private static ObjectNode row(List<String> names, List<String> record) throws RowException {
        if (record.size() != names.size()) {
            throw new RowException("must have " + names.size() + " fields as the first line names, but has "
                    + record.size() + "; put fields that hold commas in quotes");
        }
        ObjectNode row = JsonNodeFactory.instance.objectNode();
        for (int i = 0; i < names.size(); i++) {
            if (record.get(i).isEmpty()) {
                row.putNull(names.get(i));
            } else {
                row.put(names.get(i), record.get(i));
            }
        }
        return row;
    }
}
