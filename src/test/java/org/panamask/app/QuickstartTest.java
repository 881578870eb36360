package org.panamask.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.checkpoint.Safetensors;

/// The quickstart, cut short: what it leaves and prints. What the whole of it reaches stands in the README.
class QuickstartTest {
    @TempDir
    private Path folder;

    @Test
    void aShortRunLeavesModelsTablesAndPictures() throws IOException {
        Path output = folder.resolve("quickstart");
        CommandRun run = CommandRun.of("quickstart", "-o", output, "--steps", 2, "--lora-steps", 2, "--puzzles", 3);

        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .contains("whole puzzles solved, of 3 held-out ones")
                .containsPattern("diffusion, digits +0\\.0 %")
                .containsPattern("causal twin, digits +0\\.0 %")
                .containsPattern("diffusion, letters, before LoRA +0\\.0 %")
                .containsPattern("diffusion, letters, after LoRA +0\\.0 %")
                .containsPattern(" 0/16 +17 masked \\| [0-4]{16}_{17}")
                .containsPattern("16/16 +0 masked \\| [0-4]{16}");
        assertThat(Files.readString(output.resolve("unmasking.svg")))
                .startsWith("<svg xmlns=")
                .contains("step 0 of 16", "step 16 of 16")
                .endsWith("</svg>\n");
        assertThat(output.resolve("letters/adapter_model.safetensors")).isNotEmptyFile();
        assertThat(output.resolve("causal/loss.svg")).isNotEmptyFile();
        assertThat(parameters(output.resolve("diffusion/model.safetensors"))).isBetween(300_000L, 1_000_000L);
        assertThat(parameters(output.resolve("causal/model.safetensors")))
                .isEqualTo(parameters(output.resolve("diffusion/model.safetensors")));
        Set<String> seen = new HashSet<>(Files.readAllLines(output.resolve("sudoku4-train.jsonl")));
        List<String> heldOut = Files.readAllLines(output.resolve("sudoku4-test.jsonl"));
        assertThat(seen).doesNotContainAnyElementsOf(heldOut);
    }

    private static long parameters(Path file) {
        try (Safetensors tensors = Safetensors.open(file)) {
            return tensors.names().stream()
                    .mapToLong(name -> tensors.tensor(name).shape().count())
                    .sum();
        }
    }

    @Test
    void atLeastOnePuzzleIsScored() {
        CommandRun run = CommandRun.of("quickstart", "-o", folder.resolve("none"), "--puzzles", 0);

        assertThat(run)
                .isEqualTo(new CommandRun(2, "", "--puzzles must be at least 1, not 0" + System.lineSeparator()));
        assertThat(folder.resolve("none")).doesNotExist();
    }
}
