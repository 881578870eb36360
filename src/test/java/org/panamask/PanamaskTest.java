package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.backend.BackendException;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Ledger;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerListener;
import org.panamask.text.TokenizerException;
import org.panamask.train.LoadedModel;
import org.panamask.train.ModelSettings;

class PanamaskTest {
    private static final DdmSettings SAMPLING =
            DdmSettings.defaults().with("steps", 6).with("length", 30);

    @TempDir
    private Path folder;

    private Path model;

    @BeforeEach
    void writeTheModel() throws IOException {
        model = ToyModel.write(folder.resolve("model"));
    }

    private Panamask open(String backend) {
        return Panamask.open(ModelSettings.of(model), BackendSettings.defaults().with("name", backend), true);
    }

    private static String answer(Panamask panamask, String prompt) {
        return panamask.generate(List.of(prompt), SAMPLING, SamplerListener.NONE)
                .getFirst()
                .text();
    }

    @Test
    void aModelOpenedAgainGivesTheSameAnswer() {
        String first;
        try (Panamask panamask = Panamask.open(model)) {
            first = answer(panamask, "spell a");
            assertThat(answer(panamask, "spell a")).isEqualTo(first);
        }
        try (Panamask panamask = Panamask.open(model)) {
            assertThat(answer(panamask, "spell a")).isEqualTo(first);
        }
        try (Panamask panamask = open("reference")) {
            assertThat(answer(panamask, "spell a")).isEqualTo(first);
        }
    }

    @Test
    void tokensThatAreDrawnDoNotDependOnTheOtherPrompts() {
        DdmSettings drawn = SAMPLING.with("choice", DdmSettings.Choice.SAMPLE);
        try (Panamask panamask = Panamask.open(model)) {
            List<Generation> together =
                    panamask.generate(List.of("b", "spell a", "b", "b"), drawn, SamplerListener.NONE);
            List<Generation> alone = panamask.generate(List.of("spell a"), drawn, SamplerListener.NONE);
            List<Generation> twice = panamask.generate(List.of("b", "b"), drawn, SamplerListener.NONE);

            assertThat(together.get(1).text()).isEqualTo(alone.getFirst().text());
            assertThat(together.get(0).text()).isEqualTo(twice.get(0).text());
            assertThat(together.get(2).text()).isEqualTo(twice.get(1).text());
            assertThat(together.get(2).text()).isNotEqualTo(together.get(0).text());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cache", "origin"})
    void tokensThatBlocksDrawDoNotDependOnTheOtherPrompts(String kind) {
        BlockSettings plain = BlockSettings.defaults()
                .with("temperature", 1.0)
                .with("max_new_tokens", 12)
                .with("block_size", 5);
        BlockSettings drawn = switch (kind) {
            case "cache" -> plain.with("cache", "dual").with("alg_temp", 0.5);
            case "origin" -> plain.with("alg", "origin");
            default -> plain;
        };
        List<String> prompts = List.of("b", "what is this", "spell a", "b");
        try (Panamask panamask = Panamask.open(model)) {
            List<Generation> together = panamask.generate(prompts, drawn, SamplerListener.NONE);
            List<Generation> started = panamask.start(
                            prompts.reversed().stream().map(Prompt::of).toList(), drawn)
                    .answers()
                    .join();

            for (int row = 0; row < 3; row++) {
                assertThat(together.get(row).text())
                        .isEqualTo(panamask.generate(List.of(prompts.get(row)), drawn, SamplerListener.NONE)
                                .getFirst()
                                .text());
            }
            assertThat(started.reversed().subList(1, 3))
                    .extracting(Generation::text)
                    .containsExactly(together.get(1).text(), together.get(2).text());
            assertThat(started.getFirst().text()).isEqualTo(together.getFirst().text());
            assertThat(started.getLast().text()).isEqualTo(together.getLast().text());
            assertThat(together.getLast().text())
                    .isNotEqualTo(together.getFirst().text());
        }
    }

    @Test
    void promptsSideBySideAreAnsweredAsAlone() {
        try (Panamask panamask = Panamask.open(model)) {
            List<String> prompts = List.of("spell a", "b", "what is this");

            List<Generation> together = panamask.generate(prompts, SAMPLING, SamplerListener.NONE);

            assertThat(together)
                    .extracting(Generation::text)
                    .containsExactlyElementsOf(prompts.stream()
                            .map(prompt -> answer(panamask, prompt))
                            .toList());
            assertThat(together).extracting(Generation::tokens).containsExactly(21, 27, 16);
        }
    }

    @Test
    void threadsShareAModel() throws Exception {
        try (Panamask panamask = Panamask.open(model);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            String expected = answer(panamask, "spell a");
            Callable<String> call = () -> answer(panamask, "spell a");
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                answers.add(threads.submit(call));
            }
            for (Future<String> got : answers) {
                assertThat(got.get()).isEqualTo(expected);
            }
        }
    }

    @Test
    void aGapIsFilledBetweenItsNeighbours() {
        try (Panamask panamask = Panamask.open(model)) {
            List<String> canvases = new ArrayList<>();

            Generation gap = panamask.infill(
                    "ab",
                    "cd",
                    4,
                    SAMPLING,
                    step -> canvases.add(panamask.shown(step.ids().getFirst())));

            assertThat(gap.tokens()).isEqualTo(4);
            assertThat(canvases.getFirst()).isEqualTo("ab____cd");
            assertThat(canvases.getLast()).startsWith("ab").endsWith("cd").doesNotContain("_");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void aWarmPassTakesNoNativeMemoryAndClosingGivesAllBack(String backend) {
        Ledger ledger;
        try (Panamask panamask = open(backend)) {
            ledger = panamask.loaded().backend().ledger();
            answer(panamask, "spell a");
            answer(panamask, "spell a");
            long before = ledger.allocations();

            for (int pass = 0; pass < 3; pass++) {
                answer(panamask, "spell a");
            }

            assertThat(ledger.allocations()).isEqualTo(before);
            assertThat(ledger.total()).isPositive();
        }
        assertThat(ledger.total()).isZero();
        assertThat(ledger.owners()).isEmpty();
    }

    @Test
    void useAfterCloseIsRefused() {
        Panamask panamask = Panamask.open(model);
        panamask.close();
        panamask.close();

        String message = model + ": the model is closed; open it again to generate";
        assertThatIllegalStateException()
                .isThrownBy(() -> panamask.generate("spell a"))
                .withMessage(message);
        assertThatIllegalStateException()
                .isThrownBy(() -> panamask.infill("a", "b", 2, SAMPLING, SamplerListener.NONE))
                .withMessage(message);
    }

    @Test
    void closingOverABorrowedModelLeavesItOpen() {
        try (Panamask owner = Panamask.open(model)) {
            String expected = answer(owner, "spell a");
            LoadedModel loaded = owner.loaded();
            try (Panamask borrower = Panamask.over(loaded, true)) {
                assertThat(answer(borrower, "spell a")).isEqualTo(expected);
            }

            assertThat(answer(owner, "spell a")).isEqualTo(expected);
        }
    }

    @Test
    void whatCannotBeOpenedIsRefusedByType() throws IOException {
        Path nowhere = folder.resolve("nowhere");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Panamask.open(nowhere))
                .withMessage(nowhere + ": a model folder is needed, but there is no such folder; check the path");
        Path maskless = ToyModel.writeSettings(folder.resolve("maskless"), ToyModel.SPECIAL.subList(0, 4));
        Files.copy(model.resolve("model.safetensors"), maskless.resolve("model.safetensors"));
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> Panamask.open(maskless))
                .withMessage(maskless + "/tokenizer.json: no mask token; name one with model.mask_token_id or"
                        + " model.mask_token");
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> Panamask.open(
                        ModelSettings.of(model), BackendSettings.defaults().with("dtype", Precision.F64), true))
                .withMessage(
                        "backend cpu: it computes in f32, bf16 and fp8 only, but got f64; set backend.dtype to bf16 or"
                                + " f32, or backend.name to reference");
        try (Panamask panamask = Panamask.open(model)) {
            assertThatExceptionOfType(GenerationException.class)
                    .isThrownBy(() -> panamask.generate("spell a"))
                    .withMessage("generate: the model has positions for 48 tokens, but the canvas has 256; ask for a"
                            + " shorter one");
        }
    }
}
