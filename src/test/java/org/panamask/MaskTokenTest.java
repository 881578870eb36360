package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.model.FolderMerge;
import org.panamask.model.Models;
import org.panamask.tensor.Shape;
import org.panamask.text.TokenizerException;
import org.panamask.train.ModelSettings;
import org.panamask.train.Recipe;
import org.panamask.train.RecipeReader;
import org.panamask.train.TokenizerFiles;

/// Runs that add a mask token to a model without one.
final class MaskTokenTest extends ToyRuns {
    private static final int ADDED = 32;

    @BeforeEach
    void writeAModelWithoutMaskToken() throws IOException {
        Path model = ToyModel.write(folder.resolve("model"));
        Path tokenizer = model.resolve("tokenizer.json");
        Files.writeString(tokenizer, Files.readString(tokenizer).replace("<|mask|>", "<|hole|>"));
        Files.writeString(model.resolve("tokenizer_config.json"), "{\"eos_token\": \"<|eos|>\"}");
        ToyModel.writeRows(folder.resolve("rows.jsonl"), 40);
        recipe = RecipeReader.readChecked(
                ToyModel.writeRecipe(
                        folder.resolve("recipe.yaml"),
                        "train: {max_steps: 3, learning_rate: 0.01, log_every: 1, micro_batch: 4}\n"),
                List.of("model.mask_token=add"));
    }

    @Override
    void opened(FineTuning run) {
        assertThat(run.loaded().special().mask()).isEqualTo(ADDED);
        assertThat(run.loaded().model().vocabularySize()).isEqualTo(34);
    }

    @Test
    void aMergedModelKeepsTheGrownTables() {
        List<int[]> inMemory = trained(recipe);
        Path merged = folder.resolve("merged");

        FolderMerge.write(folder.resolve("model"), List.of(recipe.output()), merged, Optional.empty());
        TokenizerFiles.copy(recipe.output(), merged);

        assertThat(HubFolder.config(merged).requireInt("vocab_size")).isEqualTo(34);
        assertThat(canvases(ModelSettings.of(merged))).containsExactlyElementsOf(inMemory);
    }

    @Test
    void anAdapterKeepsTheGrownTablesAndTheTokenizer() {
        List<int[]> inMemory = trained(recipe);

        assertThat(inMemory.getFirst()).contains(ADDED);
        ModelSettings adapted = ModelSettings.of(folder.resolve("model")).with("adapter", recipe.output());
        assertThat(canvases(adapted)).containsExactlyElementsOf(inMemory);
        try (HubFolder base = HubFolder.open(folder.resolve("model"));
                PeftAdapter file = PeftAdapter.open(
                        recipe.output(), Models.config(base.config()).naming())) {
            assertThat(file.config().modulesToSave()).containsExactly("embed_tokens", "lm_head");
            assertThat(file.saved().get("lm_head.weight").shape()).isEqualTo(Shape.of(34, 16));
        }
    }

    @Test
    void anAdapterWithGrownTablesGoesOnTraining() {
        trained(recipe);
        Recipe further = recipe.with("lora", Optional.empty())
                .with("model", ModelSettings.of(folder.resolve("model")).with("adapter", recipe.output()))
                .with("output", folder.resolve("further"));

        List<int[]> inMemory = trained(further);

        assertThat(canvases(further.model().with("adapter", further.output()))).containsExactlyElementsOf(inMemory);
    }

    @Test
    void aFullyTrainedModelIsAFolderThatOpensAndNamesItsMask() {
        Recipe full = recipe.with("lora", Optional.empty());
        List<int[]> inMemory = trained(full);

        assertThat(canvases(ModelSettings.of(full.output()))).containsExactlyElementsOf(inMemory);
        assertThat(full.output().resolve("tokenizer_config.json"))
                .content()
                .contains("\"mask_token\":\"<|mask|>\"", "\"eos_token\":\"<|eos|>\"");
        assertThat(HubFolder.config(full.output()).requireInt("mask_token_id")).isEqualTo(ADDED);
        assertThat(HubFolder.config(full.output()).requireInt("vocab_size")).isEqualTo(34);
    }

    @Test
    void aRandomStartHasTheGrownTables() {
        Recipe random = recipe.with("lora", Optional.empty())
                .with("model", recipe.model().with("init", "random"));

        assertThat(canvases(ModelSettings.of(withResult(random)))).isNotEmpty();
    }

    private Path withResult(Recipe how) {
        trained(how);
        return how.output();
    }

    @Test
    void aTokenizerWithAMaskTokenGetsNoSecondOne() {
        trained(recipe.with("lora", Optional.empty()));
        ModelSettings again = ModelSettings.of(recipe.output()).with("mask_token", "add");

        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> canvases(again))
                .withMessage("model.mask_token: add: " + recipe.output() + "/tokenizer.json must not have a mask token,"
                        + " but has one, id 32; leave model.mask_token out to use it");
    }

    @Test
    void aReusedTokenIsNamedByItsId() {
        ModelSettings reuse = ModelSettings.of(folder.resolve("model"))
                .with("mask_token", "reuse")
                .with("mask_token_id", 4);

        assertThat(canvases(reuse).getFirst()).contains(4);
    }
}
