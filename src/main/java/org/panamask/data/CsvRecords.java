package org.panamask.data;

import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Cuts comma-separated values into records, line breaks within quotes included.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc4180">RFC 4180</a>
final class CsvRecords {
    private static final int END = -1;

    private final Reader in;
    private int ahead;
    private int line = 1;
    private int firstLine = 1;

    CsvRecords(Reader in) throws IOException {
        this.in = in;
        this.ahead = in.read();
        if (ahead == '\uFEFF') {
            ahead = in.read();
        }
    }

    /// The line on which the last record began.
    int firstLine() {
        return firstLine;
    }

    /// The fields of the next record that is not an empty line; empty at the end of the file.
    ///
    /// @throws RowException if quotes are misplaced or a field is too long; the next call goes on after that line
    Optional<List<String>> next() throws IOException, RowException {
        while (ahead == '\n' || ahead == '\r') {
            take();
        }
        firstLine = line;
        if (ahead == END) {
            return Optional.empty();
        }
        List<String> fields = new ArrayList<>();
        do {
            if (!fields.isEmpty()) {
                take();
            }
            fields.add(ahead == '"' ? quoted() : plain());
        } while (ahead == ',');
        if (ahead == '\r') {
            take();
        }
        if (ahead != '\n' && ahead != END) {
            int found = ahead;
            skipLine();
            throw new RowException("after a field must come a comma or the end of the line, but got '"
                    + Character.toString(found) + "'; double the quotes within quotes");
        }
        return Optional.of(fields);
    }

    private String plain() throws IOException, RowException {
        StringBuilder field = new StringBuilder();
        while (ahead != ',' && ahead != '\n' && ahead != '\r' && ahead != END) {
            add(field);
        }
        return field.toString();
    }

    private String quoted() throws IOException, RowException {
        StringBuilder field = new StringBuilder();
        take();
        while (true) {
            if (ahead == END) {
                throw new RowException("a field in quotes must end, but the file ends first; close its quotes");
            }
            if (ahead == '"') {
                take();
                if (ahead != '"') {
                    return field.toString();
                }
            }
            add(field);
        }
    }

    private void add(StringBuilder field) throws IOException, RowException {
        if (field.length() == RowFile.MAX_ROW) {
            skipLine();
            throw new RowException("a field must not exceed " + RowFile.MAX_ROW + " characters; close its quotes");
        }
        field.append((char) ahead);
        take();
    }

    private void take() throws IOException {
        line += ahead == '\n' ? 1 : 0;
        ahead = in.read();
    }

    private void skipLine() throws IOException {
        while (ahead != '\n' && ahead != END) {
            take();
        }
    }
}
