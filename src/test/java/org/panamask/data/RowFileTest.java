package org.panamask.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowFileTest {
    @TempDir
    Path folder;

    private Path write(String name, String text) throws IOException {
        return Files.write(folder.resolve(name), text.getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> read(Path file) {
        return read(file, Long.MAX_VALUE);
    }

    /// Each row as JSON, and where it stands.
    private static List<String> read(Path file, long most) {
        return RowFile.read(
                file,
                most,
                (row, place) -> row + " " + place.substring(file.toString().length()));
    }

    private static void refused(Path file, String message) {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> read(file))
                .withMessage(message.replace("FILE", file.toString()));
    }

    @Test
    void readsAnArrayOfObjects() throws IOException {
        Path file = write("a.json", "\uFEFF \n[{\"a\": 1},\n {\"a\": [2]}, {\"a\": \"é\"}]\n");
        assertThat(read(file))
                .containsExactly("{\"a\":1} :2: row 1", "{\"a\":[2]} :3: row 2", "{\"a\":\"é\"} :3: row 3");
        assertThat(read(file, 2)).hasSize(2);
        assertThat(read(write("empty.json", "[]"))).isEmpty();
    }

    @Test
    void readsALineForEachObjectFromAJsonFileWithoutBracket() throws IOException {
        assertThat(read(write("a.json", "{\"a\": 1}\n{\"a\": 2}\n"))).containsExactly("{\"a\":1} :1", "{\"a\":2} :2");
    }

    @Test
    void namesTheRowOfABrokenArray() throws IOException {
        refused(
                write("a.json", "[{\"a\": 1},\n7, [8],\n{\"a\" 1}]"),
                "FILE:2: row 2: must be a JSON object, but is 7; write an array of objects\n"
                        + "FILE:2: row 3: must be a JSON object, but is [8]; write an array of objects\n"
                        + "FILE:3: row 4: must be JSON, but Unexpected character ('1' (code 49)): was expecting a colon"
                        + " to separate property name and value; write an array of objects");
        refused(
                write("b.json", "[{\"a\": 1}"),
                "FILE:1: row 2: must be JSON, but Unexpected end-of-input: expected close marker for Array; write an"
                        + " array of objects");
        refused(write("c.json", "[]\n{}"), "FILE:2: must end after its array; write one array of objects");
    }

    @Test
    void readsCommaSeparatedValues() throws IOException {
        Path file = write("a.csv", "\uFEFFq,\"a,b\",c\r\n1,\"x \"\"y\"\"\nz\",é\r\n\n,,\"\"\nlast,\" \",3");
        assertThat(read(file))
                .containsExactly(
                        "{\"q\":\"1\",\"a,b\":\"x \\\"y\\\"\\nz\",\"c\":\"é\"} :2",
                        "{\"q\":null,\"a,b\":null,\"c\":null} :5",
                        "{\"q\":\"last\",\"a,b\":\" \",\"c\":\"3\"} :6");
        assertThat(read(file, 1)).hasSize(1);
        assertThat(read(write("empty.csv", ""))).isEmpty();
    }

    @Test
    void namesTheLineOfBrokenValues() throws IOException {
        refused(
                write("a.csv", "q,a\n1\n1,2,3\n\"x\"y,2\nok,ok\n\"open,2\n"),
                "FILE:2: must have 2 fields as the first line names, but has 1; put fields that hold commas in quotes\n"
                        + "FILE:3: must have 2 fields as the first line names, but has 3; put fields that hold commas"
                        + " in quotes\n"
                        + "FILE:4: after a field must come a comma or the end of the line, but got 'y'; double the"
                        + " quotes within quotes\n"
                        + "FILE:6: a field in quotes must end, but the file ends first; close its quotes");
        refused(
                write("b.csv", "q,q\n1,2\n"),
                "FILE:1: every field must have a name of its own, but got [q, q]; rename one");
    }

    @Test
    void readsALineOfTextForEachRow() throws IOException {
        assertThat(read(write("a.txt", "\uFEFFone\n\n two\r\n")))
                .containsExactly("{\"text\":\"one\"} :1", "{\"text\":\" two\"} :3");
    }

    @Test
    void refusesBytesThatAreNotUtf8() throws IOException {
        for (String name : List.of("a.csv", "a.txt")) {
            Path file = Files.write(folder.resolve(name), new byte[] {'a', '\n', (byte) 0xc3, '\n'});
            refused(file, "FILE: must be UTF-8; convert the file");
        }
        Path file = Files.write(folder.resolve("a.json"), new byte[] {'[', '"', (byte) 0xc3, '"', ']'});
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> read(file))
                .withMessageStartingWith(file + ":1: row 1: must be JSON, but Invalid UTF-8");
    }

    @Test
    void refusesFormsThatAreNotRead() throws IOException {
        refused(write("a.parquet", ""), "FILE: parquet files are not read; convert it to JSONL, JSON, CSV or text");
        refused(write("a.ARROW", ""), "FILE: arrow files are not read; convert it to JSONL, JSON, CSV or text");
    }
}
