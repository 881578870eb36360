package org.panamask.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `verify` on a few of the bundled cases; all of them are for the parity test.
final class VerifyTest {
    private static final Path BUNDLED =
            Path.of(System.getProperty("panamask.fixtures", "src/test/resources/fixtures"), "ddm");

    @TempDir
    private Path folder;

    private final List<String> entries = new ArrayList<>();

    @BeforeEach
    void makeTheFamily() throws IOException {
        Files.createDirectories(folder.resolve("ddm/cases"));
        for (String file : List.of(
                "llama-tiny/config.json",
                "llama-tiny/model.safetensors",
                "gpt2-tiny/config.json",
                "gpt2-tiny/model.safetensors")) {
            Files.createDirectories(folder.resolve("ddm/models").resolve(file).getParent());
            copy("models/" + file, "models/" + file);
        }
    }

    private void copy(String from, String to) throws IOException {
        Files.copy(BUNDLED.resolve(from), folder.resolve("ddm").resolve(to));
    }

    /// Takes the case `name` over, with the numbers of `numbers`.
    private void take(String name, String numbers) throws IOException {
        copy("cases/" + name + ".json", "cases/" + name + ".json");
        copy("cases/" + numbers + ".safetensors", "cases/" + name + ".safetensors");
        entries.add("{\"file\": \"cases/" + name + ".json\"}");
        writeIndex();
    }

    private void writeIndex() throws IOException {
        Files.writeString(folder.resolve("ddm/index.json"), "{\"cases\": [" + String.join(", ", entries) + "]}");
    }

    @Test
    void aLineTellsOfEachKindOnEachDevice() throws IOException {
        for (String name : List.of("forward-full-llama-tiny", "forward-full-f64-gpt2-tiny", "top-p-05")) {
            take(name, name);
        }
        Files.writeString(folder.resolve("ddm/cases/new.json"), "{\"case\": \"new\", \"kind\": \"new_kind\"}");
        entries.add("{\"file\": \"cases/new.json\"}");
        writeIndex();

        CommandRun run = CommandRun.of("verify", folder);

        assertThat(run.exitCode()).as(run.err() + run.out()).isZero();
        List<String> lines = run.out().lines().toList();
        assertThat(lines).hasSize(7);
        assertThat(lines.get(0))
                .matches("reference f64  ddm/forward                  1 passed, +[0-9.]+ % of tolerance used");
        assertThat(lines.get(1))
                .matches("reference f32  ddm/forward                  1 passed, +[0-9.]+ % of tolerance used");
        assertThat(lines.get(2))
                .isEqualTo("reference f32  ddm/top_p                    1 passed,   0.0 % of tolerance used");
        assertThat(lines.get(3))
                .isEqualTo("reference f32  ddm/new_kind                 0 passed, 1 not supported yet: new_kind");
        assertThat(lines.get(4))
                .matches("cpu f32        ddm/forward                  1 passed, +[0-9.]+ % of tolerance used");
        assertThat(lines.get(5))
                .isEqualTo("cpu f32        ddm/top_p                    1 passed,   0.0 % of tolerance used");
    }

    @Test
    void aMissIsSpeltOutAndEndsWithOne() throws IOException {
        take("top-p-05", "top-p-10");

        CommandRun run = CommandRun.of("verify", folder);

        assertThat(run.exitCode()).as(run.err() + run.out()).isEqualTo(1);
        assertThat(run.out())
                .contains(
                        "cpu f32        ddm/top_p                    0 passed, 8 MISSED",
                        "    top-p-05: keep[1] is 0.0, not 1.0");
    }

    @Test
    void aFolderWithoutFamiliesIsWrongUsage() throws IOException {
        Path empty = Files.createDirectories(folder.resolve("empty"));

        assertThat(CommandRun.of("verify", empty))
                .isEqualTo(new CommandRun(
                        2,
                        "",
                        empty + ": a folder of golden cases holds family folders with an index.json or files of cases,"
                                + " but there is none; give the folder above them" + System.lineSeparator()));
    }
}
