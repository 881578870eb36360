package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.data.DataException;

class EarlierRunTest {
    @TempDir
    private Path folder;

    private Path output;

    private Recipe recipe;

    @BeforeEach
    void leaveARun() throws IOException {
        output = folder.resolve("run");
        for (String name : List.of(
                "adapter_model.safetensors",
                "adapter_config.json",
                "metrics.jsonl",
                "latest",
                "events.out.tfevents.17.panamask",
                "notes.txt",
                "samples/000002.txt",
                "checkpoint-000002/adapter_model.safetensors",
                "checkpoint-000010/adapter_model.safetensors",
                "checkpoint-1000000/adapter_model.safetensors",
                "checkpoint-best/adapter_model.safetensors",
                "checkpoint-000004/mine/x")) {
            Files.createDirectories(output.resolve(name).getParent());
            Files.writeString(output.resolve(name), "x");
        }
        recipe = Recipe.of(folder.resolve("model"), folder.resolve("rows.jsonl"), output);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(output)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    private Recipe overwriting(Recipe from) {
        return from.with("train", from.train().with("overwrite_output", true));
    }

    @Test
    void aResultIsRefusedUnlessItMayBeOverwritten() throws IOException {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> EarlierRun.settle(recipe))
                .withMessage("output: " + output + " must not hold the result of an earlier run, but has"
                        + " adapter_model.safetensors; name another folder, move it away, or set"
                        + " train.overwrite_output: true");

        EarlierRun.settle(overwriting(recipe));

        assertThat(names()).containsExactly("checkpoint-000004", "checkpoint-best", "notes.txt");
    }

    @Test
    void theCheckpointsOfAKilledRunAreRefusedToo() throws IOException {
        Files.delete(output.resolve("adapter_model.safetensors"));

        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> EarlierRun.require(recipe))
                .withMessage("output: " + output + " must not hold the result of an earlier run, but has"
                        + " checkpoint-000002; name another folder, move it away, or set train.overwrite_output: true");
        EarlierRun.require(overwriting(recipe));
    }

    @Test
    void whatARunStartsFromIsNotOverwritten() throws IOException {
        List<String> before = names();
        Path checkpoint = output.resolve("checkpoint-000010");
        Recipe further = overwriting(recipe.with("model", recipe.model().with("adapter", checkpoint)));
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> EarlierRun.settle(further))
                .withMessage("output: " + output + " must not be overwritten, because the run starts from " + checkpoint
                        + "; name another folder");
        assertThat(names()).isEqualTo(before);
    }

    @Test
    void theFolderThatARunStartsFromIsNoOutput() throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        Files.writeString(model.resolve("config.json"), "{}");
        Recipe onItself = recipe.with("output", folder.resolve("run/../model"));
        for (Recipe either : List.of(onItself, overwriting(onItself))) {
            assertThatExceptionOfType(DataException.class)
                    .isThrownBy(() -> EarlierRun.settle(either))
                    .withMessage("output: " + either.output() + " must not be the folder that the run starts from,"
                            + " because its files would be replaced; name another folder");
        }
        assertThat(model.resolve("config.json")).hasContent("{}");
    }

    @Test
    void theNewestCheckpointsAreKept() throws IOException {
        EarlierRun.keepNewest(output, 0);
        assertThat(names()).contains("checkpoint-000002");
        EarlierRun.keepNewest(output, 2);
        assertThat(names()).contains("checkpoint-000010", "checkpoint-1000000").doesNotContain("checkpoint-000002");
        EarlierRun.keepNewest(output, 1);
        assertThat(names()).contains("checkpoint-1000000").doesNotContain("checkpoint-000010");
    }
}
