package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.ToyModel;
import org.panamask.data.RowIds;
import org.panamask.diffusion.Alignment;
import org.panamask.model.ModelFacts;
import org.panamask.model.SpecialIds;
import org.panamask.text.Tokenizer;
import org.panamask.text.TokenizerChanges;
import org.panamask.text.TokenizerException;

final class ModelTokensTest {
    @TempDir
    private Path folder;

    private ModelSettings settings;

    @BeforeEach
    void writeTheTokenizer() throws IOException {
        settings = ModelSettings.of(ToyModel.writeSettings(folder.resolve("model"), ToyModel.SPECIAL));
    }

    private static ModelFacts facts(String type, SpecialIds special) {
        return new ModelFacts(type, 32_000, 768, 2, 48, special, Alignment.SHIFTED);
    }

    private static SpecialIds mask(int id) {
        return new SpecialIds(Optional.of(9), List.of(10, 11), Optional.of(12), Optional.of(id));
    }

    private RowIds resolve(ModelSettings model, ModelFacts facts) {
        TokenizerChanges changes =
                new TokenizerChanges(model.addsMaskToken() ? Optional.of("<new>") : Optional.empty(), false);
        try (Tokenizer tokenizer = Tokenizer.open(model.path(), changes)) {
            return ModelTokens.resolve(model, tokenizer, facts);
        }
    }

    /// The tokenizer of the model without the tokens from `from` on.
    private void keep(int from) throws IOException {
        Path tokenizer = settings.path().resolve("tokenizer.json");
        String json = Files.readString(tokenizer);
        for (String token : ToyModel.SPECIAL.subList(from, ToyModel.SPECIAL.size())) {
            json = json.replace(token, "<hole" + ToyModel.SPECIAL.indexOf(token) + ">");
        }
        Files.writeString(tokenizer, json);
    }

    @Test
    void theRecipeWinsOverTheConfigurationAndThatOverTheTokenizer() {
        ModelFacts configured = facts("llama", mask(20));

        assertThat(resolve(settings.with("mask_token_id", 30), configured).mask())
                .isEqualTo(30);
        assertThat(resolve(settings.with("mask_token", "<|pad|>"), configured).mask())
                .isEqualTo(3);
        assertThat(resolve(settings.with("mask_token", "reuse"), configured).mask())
                .isEqualTo(20);
        assertThat(resolve(settings, facts("llama", mask(-1))).mask()).isEqualTo(4);
    }

    @Test
    void theTokenizerWinsOverTheFamilyAndThatOverTheOtherIdsOfTheConfiguration() throws IOException {
        keep(1);

        assertThat(resolve(settings, facts("llama", mask(-1)))).isEqualTo(new RowIds(0, 4936, 2, 30_399, 811));
        assertThat(resolve(settings.with("sep_token_id", 8), facts("qwen2", mask(20))))
                .isEqualTo(new RowIds(0, 8, 10, 12, 20));
    }

    @Test
    void anAddedTokenWinsOverTheConfiguration() throws IOException {
        keep(4);

        assertThat(resolve(settings.with("mask_token", "add"), facts("llama", mask(20)))
                        .mask())
                .isEqualTo(32);
    }

    @Test
    void whatNobodyNamesIsAskedFor() throws IOException {
        keep(4);

        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> resolve(settings, facts("qwen2", SpecialIds.none())))
                .withMessage(settings.path() + "/tokenizer.json: no mask token; name one with model.mask_token_id or"
                        + " model.mask_token");
    }

    @Test
    void diffusionFamiliesWithoutASeparatorTakeTheEndToken() throws IOException {
        keep(1);

        assertThat(resolve(settings, facts("llada", mask(20)))).isEqualTo(new RowIds(0, 10, 10, 12, 20));
        assertThat(resolve(settings.with("sep_token_id", 8), facts("Dream", mask(20)))
                        .sep())
                .isEqualTo(8);
    }

    private List<Integer> stops(String type) {
        ModelFacts facts = facts(type, mask(20));
        try (Tokenizer tokenizer = Tokenizer.open(settings.path())) {
            return ModelTokens.stops(settings.path(), tokenizer, facts, new RowIds(0, 1, 2, 3, 4));
        }
    }

    @Test
    void modelsConvertedFromCausalOnesEndAnAnswerWithTheEndTokenOfRows() {
        assertThat(stops("llama")).containsExactly(2);
    }

    @Test
    void diffusionFamiliesEndAnAnswerAsTheirFilesSay() throws IOException {
        assertThat(stops("llada")).containsExactly(2, 10, 11);

        Files.writeString(settings.path().resolve("generation_config.json"), "{\"eos_token_id\": [11, 13, 32000, -1]}");
        Path tokenizer = settings.path().resolve("tokenizer.json");
        Files.writeString(tokenizer, Files.readString(tokenizer).replace(ToyModel.SPECIAL.get(4), "<|eot_id|>"));

        assertThat(stops("Dream")).containsExactly(2, 10, 11, 13, 4);
    }
}
