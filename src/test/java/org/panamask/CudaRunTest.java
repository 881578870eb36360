package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.emulator.Emulator;
import org.panamask.report.StepReport;
import org.panamask.report.TrainingListener;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerSettings;
import org.panamask.train.ModelSettings;
import org.panamask.train.Recipe;
import org.panamask.train.RecipeReader;

/// Whole runs of recipes on the GPU: what changes is the name of the backend, and roundings.
class CudaRunTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void writeTheFiles() throws IOException {
        Emulator.require();
        ToyModel.write(folder.resolve("model"));
        ToyModel.writeRows(folder.resolve("rows.jsonl"), 16);
    }

    /// Two steps of two micro-batches.
    private Recipe recipe(String name, Precision dtype, String override) throws IOException {
        Path file = ToyModel.writeRecipe(
                folder.resolve("recipe.yaml"),
                "train: {max_steps: 2, learning_rate: 0.01, log_every: 1, micro_batch: 2, accumulate: 2}\n");
        Recipe read = RecipeReader.readChecked(file, List.of(override.split(" ")));
        return read.with("backend", read.backend().with("name", name).with("dtype", dtype))
                .with("output", folder.resolve(name + dtype));
    }

    private static List<StepReport> run(Recipe how) {
        List<StepReport> steps = new ArrayList<>();
        TrainingListener listener = new TrainingListener() {
            @Override
            public void step(StepReport report) {
                steps.add(report);
            }
        };
        assertThat(FineTuning.run(how, listener).finished()).isTrue();
        return steps;
    }

    /// The tolerance classes of number types; norms add up the roundings of all gradients.
    @ParameterizedTest
    @CsvSource({
        "cpu, F32, 1e-5, train.recompute=true",
        "cpu, F32, 1e-5, data.packing=true data.pad_as_target=false",
        "reference, BF16, 2e-2, train.recompute=false",
        "reference, F16, 2e-3, train.recompute=false"
    })
    void stepsAreThoseOfTheProcessor(String processor, Precision dtype, double tolerance, String override)
            throws IOException {
        List<StepReport> expected = run(recipe(processor, dtype, override));
        Recipe onTheGpu = recipe("cuda", dtype, override);
        List<StepReport> actual = run(onTheGpu);
        assertThat(actual).hasSize(2);
        for (int step = 0; step < 2; step++) {
            StepReport got = actual.get(step);
            StepReport wanted = expected.get(step);
            assertThat(got.loss()).isCloseTo(wanted.loss(), within(tolerance * wanted.loss()));
            assertThat(got.ceLoss()).isCloseTo(wanted.ceLoss(), within(tolerance * wanted.ceLoss()));
            if (Double.isFinite(wanted.gradNorm())) {
                assertThat(got.gradNorm()).isCloseTo(wanted.gradNorm(), within(10 * tolerance * wanted.gradNorm()));
            } else {
                assertThat(got.gradNorm()).isNotFinite();
            }
            assertThat(got.maskRatio()).isEqualTo(wanted.maskRatio());
            assertThat(got.scaling()).isEqualTo(wanted.scaling());
        }
        assertThat(Files.readString(onTheGpu.output().resolve("environment.json")))
                .contains(": \"auto: pmk for heads of 8 ", " graph launches of ");
    }

    @Test
    void anAnswerAndAGapAreThoseOfTheProcessor() {
        List<String> expected = texts("cpu");
        assertThat(texts("cuda")).isEqualTo(expected);
        assertThat(new HashSet<>(expected)).hasSizeGreaterThan(3);
    }

    private List<String> texts(String backend) {
        ModelSettings model = ModelSettings.of(folder.resolve("model"));
        BackendSettings where = BackendSettings.defaults().with("name", backend).with("threads", 1);
        List<String> texts = new ArrayList<>();
        try (Panamask panamask = Panamask.open(model, where, true)) {
            DdmSettings ddm = DdmSettings.defaults().with("steps", 8).with("length", 30);
            BlockSettings block = BlockSettings.defaults()
                    .with("max_new_tokens", 16)
                    .with("block_size", 8)
                    .with("steps", 8)
                    .with("cache", "dual");
            for (SamplerSettings settings :
                    List.of(ddm, ddm.with("choice", "sample").with("seed", 4), block)) {
                panamask.generate(List.of("spell a", "spell more"), settings, SamplerListener.NONE).stream()
                        .map(Generation::text)
                        .forEach(texts::add);
            }
            texts.add(panamask.infill("ab", "yz", 6, ddm, SamplerListener.NONE).text());
        }
        return texts;
    }
}
