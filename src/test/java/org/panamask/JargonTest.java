package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.data.Example;
import org.panamask.data.Examples;
import org.panamask.diffusion.Objective;
import org.panamask.nn.LoraSettings;
import org.panamask.train.Recipe;
import org.panamask.train.RecipeReader;

/// The jargon example is what its README says, as far as that shows without the minutes that a run takes.
class JargonTest {
    private static final Path EXAMPLE = Path.of("examples", "jargon");

    private static Recipe recipe(String stage) throws IOException {
        Path file = EXAMPLE.resolve(stage + ".yaml");
        return RecipeReader.parse(Files.readString(file), file.toString(), EXAMPLE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ar", "adapted", "scratch", "tuned"})
    void everyStageHasARecipe(String stage) throws IOException {
        assertThat(recipe(stage).output()).isEqualTo(EXAMPLE.resolve("runs").resolve(stage));
    }

    @Test
    void scratchIsAdaptationWithoutWeightsToStartFrom() throws IOException {
        Recipe adapted = recipe("adapted");
        Recipe scratch = recipe("scratch");

        assertThat(scratch.train()).isEqualTo(adapted.train());
        assertThat(scratch.data()).isEqualTo(adapted.data());
        assertThat(scratch.model()).isEqualTo(recipe("ar").model());
        assertThat(scratch.objective()).isEqualTo(withSteps((Objective.Ddm) adapted.objective(), 1));
        assertThat(((Objective.Ddm) adapted.objective()).annealSteps() * 2)
                .isEqualTo(adapted.train().maxSteps());
    }

    private static Objective.Ddm withSteps(Objective.Ddm ddm, int annealSteps) {
        return new Objective.Ddm(ddm.shift(), ddm.epsilon(), annealSteps, ddm.lossNormalization(), ddm.packing());
    }

    @Test
    void theLastStageIsTheLoraOfTheReadme() throws IOException {
        assertThat(recipe("tuned").lora())
                .contains(LoraSettings.defaults()
                        .with("rank", 16)
                        .with("alpha", 32.0)
                        .with("dropout", 0.1));
    }

    @Test
    void noTermIsOnBothSides() {
        List<Example> training = Examples.read(EXAMPLE.resolve("data/train.jsonl"), Long.MAX_VALUE);
        List<Example> validation = Examples.read(EXAMPLE.resolve("data/validation.jsonl"), Long.MAX_VALUE);

        assertThat(training).hasSize(2039);
        assertThat(validation).hasSize(106);
        Set<String> learned = training.stream().map(Example::prompt).collect(Collectors.toSet());
        assertThat(validation.stream().map(Example::prompt).filter(learned::contains))
                .isEmpty();
    }

    @Test
    void theTimingProgramCompiles(@TempDir Path folder) {
        StringWriter said = new StringWriter();
        PrintWriter lines = new PrintWriter(said, true);
        String classes = Stream.of("java.class.path", "jdk.module.path")
                .map(property -> System.getProperty(property, ""))
                .filter(path -> !path.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));

        int status = ToolProvider.findFirst("javac")
                .orElseThrow()
                .run(
                        lines,
                        lines,
                        "-proc:none",
                        "-d",
                        folder.toString(),
                        "-cp",
                        classes,
                        EXAMPLE.resolve("Decoding.java").toString());

        assertThat(status).as(said.toString()).isZero();
    }

    @Test
    void theReadmeHoldsARunInWhichEveryStageIsBetterThanTheOneBefore() throws IOException {
        String readme = Files.readString(EXAMPLE.resolve("README.md"));

        assertThat(readme).contains("| `ar` | 1.", "| `adapted` | 2.", "| `scratch` | 2.", "| `tuned` | 3.");
        assertThat(readme).doesNotContain("**not** better");
    }
}
