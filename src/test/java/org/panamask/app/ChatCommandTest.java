package org.panamask.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.ToyModel;

@DisabledOnOs(OS.WINDOWS)
class ChatCommandTest {
    private static final long PATIENCE_NANOS = 120_000_000_000L;
    private static final List<String> NATIVE = List.of("--enable-native-access=ALL-UNNAMED");

    @TempDir
    private Path folder;

    private void await(String file, String text) throws Exception {
        long start = System.nanoTime();
        Path path = folder.resolve(file);
        while (!Files.exists(path) || !Files.readString(path).contains(text)) {
            assertThat(System.nanoTime() - start).as("waiting for " + text).isLessThan(PATIENCE_NANOS);
            Thread.sleep(20);
        }
    }

    @Test
    void ctrlCStopsTheAnswerAndNotTheProgram() throws Exception {
        assumeFalse(InterruptTest.interruptsAreIgnored(), "this process was started to ignore Ctrl-C");
        Path model = ToyModel.write(folder.resolve("model"));
        CommandRun ended;
        try (ChildJvm child = ChildJvm.start(
                folder,
                NATIVE,
                "chat",
                "-m",
                model,
                "--length",
                40,
                "--steps",
                100_000_000,
                "--order",
                "random",
                "--live")) {
            child.type("spell a\n");
            await("out.txt", " 0   31 masked | ");
            child.signal("INT");
            await("err.txt", "Stopped; the question is forgotten.\n");
            child.type("/steps 2\nb\n/exit\n");
            ended = child.end();
        }

        assertThat(ended.exitCode()).as(ended.err()).isZero();
        assertThat(ended.err()).contains("filled in by 2 forward passes").doesNotContain("Exception");
    }
}
