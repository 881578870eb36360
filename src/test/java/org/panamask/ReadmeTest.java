package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.diffusion.Objective;
import org.panamask.model.Models;
import org.panamask.train.Recipe;
import org.panamask.train.RecipeReader;

/// What the README shows works as it stands there.
class ReadmeTest {
    @TempDir
    private Path folder;

    private static List<String> blocks(String page, String language) throws IOException {
        return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of(page)))
                .results()
                .map(block -> block.group(1))
                .toList();
    }

    @Test
    void everyPieceOfJavaCompiles() throws IOException {
        List<String> snippets = blocks("README.md", "java");

        assertThat(snippets).hasSizeGreaterThanOrEqualTo(2);
        for (String snippet : snippets) {
            assertThat(mistakes(snippet)).isEmpty();
        }
        assertThat(mistakes("Panamask.open(7);\n")).contains("incompatible types");
    }

    private String mistakes(String snippet) throws IOException {
        Path file = Files.writeString(folder.resolve("Snippet.java"), """
                import java.nio.file.Path;
                import org.panamask.*;
                import org.panamask.nn.*;
                import org.panamask.report.*;
                import org.panamask.train.*;

                class Snippet {
                    static void run() throws Exception {
                %s
                    }
                }
                """.formatted(snippet));
        StringWriter said = new StringWriter();
        PrintWriter lines = new PrintWriter(said, true);
        ToolProvider compiler = ToolProvider.findFirst("javac").orElseThrow();
        int status =
                compiler.run(lines, lines, "-proc:none", "-d", folder.toString(), "-cp", everything(), file.toString());
        return status == 0 ? "" : said.toString();
    }

    private static String everything() {
        return Stream.of("java.class.path", "jdk.module.path")
                .map(property -> System.getProperty(property, ""))
                .filter(path -> !path.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
    }

    @Test
    void everyRecipeIsOne() throws IOException {
        List<String> recipes = blocks("README.md", "yaml");

        assertThat(recipes).isNotEmpty();
        for (String text : recipes) {
            Recipe recipe = RecipeReader.parse(text, "README.md", folder);
            assertThat(recipe.objective()).isEqualTo(Objective.DdmSft.defaults());
            assertThat(recipe.lora()).isPresent();
        }
    }

    @Test
    void everyFamilyHasARecipe() throws IOException {
        List<String> recipes = blocks("docs/models.md", "yaml");

        assertThat(recipes).hasSizeGreaterThanOrEqualTo(Models.families().size());
        for (String text : recipes) {
            assertThat(RecipeReader.parse(text, "docs/models.md", folder).output())
                    .hasParentRaw(folder.resolve("runs"));
        }
        assertThat(Files.readString(Path.of("docs/models.md")))
                .contains(Models.families().stream()
                        .map(family -> "| `" + family + "` |")
                        .toList());
    }
}
