package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// Recipes written to a file and read back, or what is wrong with them line by line.
abstract class WrittenRecipe {
    static final String SMALLEST = "model: m\ndata: {train: rows.jsonl}\noutput: out\n";

    @TempDir
    Path folder;

    Path file;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("recipe.yaml");
    }

    Recipe read(String text, String... overrides) throws IOException {
        return RecipeReader.read(written(text), List.of(overrides));
    }

    List<String> problems(String text, String... overrides) throws IOException {
        Path written = written(text);
        return lines(() -> RecipeReader.read(written, List.of(overrides)));
    }

    String refused() {
        return lines(() -> RecipeReader.read(file, List.of())).getFirst();
    }

    static List<String> lines(ThrowingCallable reading) {
        RecipeException e = catchThrowableOfType(RecipeException.class, reading);
        assertThat(e).isNotNull();
        return String.valueOf(e.getMessage()).lines().toList();
    }

    Path written(String text) throws IOException {
        return Files.writeString(file, text, StandardCharsets.UTF_8);
    }
}
