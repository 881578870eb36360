package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.FineTuning;
import org.panamask.Panamask;
import org.panamask.ToyModel;
import org.panamask.backend.BackendSettings;
import org.panamask.data.DataException;
import org.panamask.report.TrainingListener;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerStep;
import org.panamask.text.ChatTemplate;

class ModelNotesTest {
    @TempDir
    private Path folder;

    @Test
    void notesReadBackAndNothingIsWrittenWithoutAny() {
        new ModelNotes(Optional.empty()).write(folder);
        assertThat(folder).isEmptyDirectory();
        assertThat(ModelNotes.read(folder)).isEqualTo(new ModelNotes(Optional.empty()));

        ModelNotes notes = new ModelNotes(Optional.of(ChatTemplate.LLAMA2));
        notes.write(folder);
        assertThat(folder.resolve("panamask.json")).hasContent("{\n  \"template\" : \"llama2\"\n}");
        assertThat(ModelNotes.read(folder)).isEqualTo(notes);
    }

    @Test
    void brokenNotesAreNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("panamask.json"), "{");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> ModelNotes.read(folder))
                .withMessage(file + ": must be JSON such as {\"template\": \"llama2\"}; repair or delete it");
        Files.writeString(file, "{\"template\": \"lama\"}");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> ModelNotes.read(folder))
                .withMessage(file + ": template must be one of [empty, default, alpaca, vicuna, chatml, llama2, llama3,"
                        + " qwen, mistral, phi], but is \"lama\"; repair or delete the file");
    }

    @Test
    void promptsAreWrittenAsInTheRunThatTrainedTheAdapter() throws IOException {
        Path model = ToyModel.write(folder.resolve("model"));
        ToyModel.writeRows(folder.resolve("rows.jsonl"), 8);
        Recipe recipe = RecipeReader.read(
                ToyModel.writeRecipe(folder.resolve("recipe.yaml"), "train: {max_steps: 1}\n"),
                List.of("data.template=default", "data.max_tokens=48"));
        FineTuning.run(recipe, new TrainingListener() {});

        assertThat(ModelNotes.read(recipe.output()).template()).contains(ChatTemplate.DEFAULT);
        ModelSettings trained = ModelSettings.of(model).with("adapter", recipe.output());
        try (Panamask panamask = Panamask.open(trained, BackendSettings.defaults(), true)) {
            assertThat(canvas(panamask)).isEqualTo("uman a<|eos|>ssistant<|sep|>");
            assertThat(canvas(panamask.withTemplate(ChatTemplate.EMPTY))).isEqualTo("a<|sep|>");
        }
    }

    /// What is given of the canvas of the prompt `a`; the tokenizer knows small letters and spaces only.
    private static String canvas(Panamask panamask) {
        StringBuilder given = new StringBuilder();
        DdmSettings settings = DdmSettings.defaults().with("steps", 1).with("length", 30);
        SamplerListener listener = (SamplerStep step) -> {
            int[] ids = step.ids().getFirst();
            int end = 1;
            while (ids[end - 1] != 1) {
                end++;
            }
            given.setLength(0);
            given.append(panamask.loaded().tokenizer().decode(Arrays.copyOfRange(ids, 1, end), false));
        };
        panamask.generate(List.of("a"), settings, listener);
        return given.toString();
    }
}
