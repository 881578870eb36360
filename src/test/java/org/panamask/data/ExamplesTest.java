package org.panamask.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ExamplesTest {
    @TempDir
    Path folder;

    @Test
    void joinsInstructionAndInput() throws IOException {
        Path file = write(
                "\uFEFF{\"instruction\": \"a\", \"input\": \"b\", \"output\": \"c\"}\r\n\n"
                        + "{\"instruction\": \"a\", \"output\": \"\"}\n  \n{\"input\": \"b\", \"instruction\": null, \"output\": \"é\"}");
        assertThat(Examples.read(file))
                .containsExactly(new Example("a\nb", "c"), new Example("a", ""), new Example("b", "é"));
        assertThat(Examples.read(file, 2)).hasSize(2);
    }

    @Test
    void convertsSingleTurnsAsTheReferenceDoes() throws IOException {
        int seen = 0;
        for (JsonNode example : DataFixtures.read("conversion.json").get("alpaca")) {
            if (example.get("prompt").size() == 1 && example.get("response").size() == 1) {
                assertThat(Examples.read(write(example.get("row").toString())))
                        .containsExactly(new Example(
                                example.get("prompt").get(0).get("content").stringValue(),
                                example.get("response").get(0).get("content").stringValue()));
                seen++;
            }
        }
        assertThat(seen).isPositive();
    }

    @Test
    void reportsEveryProblemWithItsLine() throws IOException {
        Path file = write("{\"instruction\": \"a\", \"output\": \"b\"}\n{\n[1]\n{\"instruction\": \"a\"}\n"
                + "{\"output\": \"b\"}\n{\"instruction\": 7, \"output\": \"b\"}\n{\"instruction\": \"a\", \"output\": [1]}\n"
                + "{\"instruction\": \"\\ud800\", \"output\": \"b\"}\n"
                + "{\"instruction\": \"a\", \"output\": \"b\", \"history\": [[\"x\", \"y\"]]}");
        String form = "write {\"instruction\": ..., \"input\": ..., \"output\": ...}";
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Examples.read(file))
                .satisfies(e -> {
                    assertThat(e.getMessage().lines().toList())
                            .hasSize(8)
                            .contains(file + ":3: must be one JSON object a line; write one example on each line")
                            .contains(file + ":4: field 'output' is missing; " + form)
                            .contains(file + ":5: field 'instruction' is missing; " + form)
                            .contains(file + ":6: field 'instruction' must be a text, but is 7; write it in quotes")
                            .contains(file + ":7: field 'output' must be a text, but is [1]; write it in quotes")
                            .contains(file + ":9: must have one turn, but has 1 before the last question; set"
                                    + " data.template to learn all of them, or split the conversation");
                    assertThat(e.getMessage().lines().findFirst().orElseThrow())
                            .startsWith(file + ":2: must be JSON, but ");
                });
    }

    @Test
    void stopsListingAfterTwentyProblems() throws IOException {
        Path file = write("x\n".repeat(25));
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Examples.read(file))
                .satisfies(e -> {
                    assertThat(e.getMessage().lines()).hasSize(21);
                    assertThat(e.getMessage()).endsWith("\nand 5 more lines of " + file);
                });
    }

    @Test
    void refusesBytesThatAreNotUtf8() throws IOException {
        Path file = Files.write(folder.resolve("data.jsonl"), new byte[] {'\n', '"', (byte) 0xc3, '"'});
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Examples.read(file))
                .withMessage(file + ":2: must be UTF-8; convert the file");
    }

    @Test
    void refusesEmptyAndMissingFiles() throws IOException {
        Path file = write("\n \n");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Examples.read(file))
                .withMessage(file + ": holds no examples; write {\"instruction\": ..., \"input\": ..., \"output\": ...}"
                        + " on each line");
        Path missing = folder.resolve("missing.jsonl");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Examples.read(missing))
                .withMessage(missing + ": no such file; name an existing data file");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Examples.read(file, 0))
                .withMessage("data.max_samples must be at least 1, not 0; leave it out to read everything");
    }

    @Test
    void readsDocumentsFromTextAndJsonLines() throws IOException {
        Path text = Files.writeString(folder.resolve("book.TXT"), "one\ntwo\n");
        assertThat(Documents.read(text, 10)).containsExactly("one\ntwo\n");
        assertThat(Documents.read(write("{\"text\": \"a\"}\n{\"text\": \"b\"}\n{\"text\": \"c\"}"), 2))
                .containsExactly("a", "b");
        Path broken = write("{\"body\": \"a\"}");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Documents.read(broken, 2))
                .withMessage(broken + ":1: field 'text' is missing; write {\"text\": ...}");
        Path empty = Files.writeString(folder.resolve("empty.txt"), "");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Documents.read(empty, 2))
                .withMessage(empty + ": holds no text; write {\"text\": ...} on each line, or name a .txt file");
    }

    private Path write(String lines) throws IOException {
        return Files.write(folder.resolve("data.jsonl"), lines.getBytes(StandardCharsets.UTF_8));
    }
}
