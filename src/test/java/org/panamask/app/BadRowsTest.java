package org.panamask.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.ToyModel;

/// What a person reads who gave the command line rows that cannot be learnt.
final class BadRowsTest {
    @TempDir
    private Path folder;

    private Path recipe;

    @BeforeEach
    void writeWhatIsRight() throws IOException {
        ToyModel.write(folder.resolve("model"));
        ToyModel.writeRows(folder.resolve("rows.jsonl"), 40);
        recipe = ToyModel.writeRecipe(folder.resolve("recipe.yaml"), "train: {max_steps: 2}\n");
    }

    private void trainRefused(String message, String... overrides) {
        Object[] arguments =
                Stream.concat(Stream.of("train", recipe), Stream.of(overrides)).toArray();
        assertThat(CommandRun.of(arguments)).isEqualTo(new CommandRun(2, "", message + System.lineSeparator()));
        assertThat(folder.resolve("run")).doesNotExist();
    }

    @Test
    void rowsLongerThanTheModelAllowsAreRefused() {
        trainRefused(
                "data.max_tokens: the model has positions for 48 tokens, but the longest row has 100; lower"
                        + " data.max_tokens",
                "data.max_tokens=100");
    }

    @Test
    void aRowWithoutRoomForAnythingIsRefused() {
        trainRefused(
                "data.max_tokens must be at least 4, room for bos, sep, eos and one token, not 3", "data.max_tokens=3");
    }

    @Test
    void rowsThatLoseSomethingAreCounted() {
        CommandRun run = CommandRun.of("train", recipe, "data.max_tokens=7");

        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).startsWith("""
                warning: 40 of 40 prompts do not fit and lose their beginning; raise data.max_tokens to keep them whole
                """);
    }

    @Test
    void anEmptyDatasetIsRefused() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty.jsonl"), "\n\n");

        trainRefused(
                empty + ": holds no examples; write {\"instruction\": ..., \"input\": ..., \"output\": ...} on each"
                        + " line",
                "data.train=" + empty);
    }

    @Test
    void everyBrokenRowIsNamedWithItsLine() throws IOException {
        Path rows = Files.writeString(folder.resolve("broken.jsonl"), """
                {"instruction": "a"}
                [1]
                {"instruction": 3, "output": "x"}
                {"instruction": "a", "output": "b"
                """);

        trainRefused("""
                %1$s:1: field 'output' is missing; write {"instruction": ..., "input": ..., "output": ...}
                %1$s:2: must be one JSON object a line; write one example on each line
                %1$s:3: field 'instruction' must be a text, but is 3; write it in quotes
                %1$s:4: must be JSON, but Unexpected end-of-input: expected close marker for Object; write one JSON \
                object on each line""".formatted(rows), "data.train=" + rows);
    }

    @Test
    void aValidationThatLeavesNothingToTrainOnIsRefused() {
        trainRefused("data.val_size must leave rows to train on, but takes 40 of 40; lower it", "data.val_size=40");
    }

    @Test
    void aMissingDatasetInfoIsRefusedWithItsKey() {
        trainRefused(
                "data.dataset_dir=" + folder.resolve("sets") + ": data.dataset_dir: no such file: "
                        + folder.resolve("sets/dataset_info.json"),
                "data.train=null",
                "data.dataset=[qa]",
                "data.dataset_dir=" + folder.resolve("sets"));
    }
}
