package org.panamask.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpecialTokensTest {
    @TempDir
    Path folder;

    @Test
    void takesTextsAndObjectsOfTheConfiguration() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), """
                {"mask_token": "c", "bos_token": {"content": "a", "lstrip": false}, "eos_token": null}""");
        Files.writeString(folder.resolve("special_tokens_map.json"), """
                {"mask_token": "b", "eos_token": "b"}""");
        try (Tokenizer tokenizer = open("<|mask|>")) {
            SpecialTokens tokens = tokenizer.specialTokens();
            assertThat(tokens.require(SpecialToken.MASK)).isEqualTo(4);
            assertThat(tokens.require(SpecialToken.BOS)).isZero();
            assertThat(tokens.require(SpecialToken.EOS)).isEqualTo(1);
            assertThat(tokens.id(SpecialToken.SEP)).isEmpty();
        }
    }

    @Test
    void fallsBackToAddedTokensWithAUsualSpelling() throws IOException {
        try (Tokenizer tokenizer = open("<|mask|>")) {
            assertThat(tokenizer.specialTokens().require(SpecialToken.MASK)).isEqualTo(5);
        }
    }

    @Test
    void namesTheKeysWhenThereIsNoMask() throws IOException {
        try (Tokenizer tokenizer = open("<hole>")) {
            assertThatExceptionOfType(TokenizerException.class)
                    .isThrownBy(() -> tokenizer.specialTokens().require(SpecialToken.MASK))
                    .withMessage(folder.resolve("tokenizer.json")
                            + ": no mask token; name one with model.mask_token_id or model.mask_token");
        }
    }

    @Test
    void saysWhenTheConfiguredTokenIsNotInTheVocabulary() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"mask_token\": \"<gone>\"}");
        try (Tokenizer tokenizer = open("<hole>")) {
            assertThatExceptionOfType(TokenizerException.class)
                    .isThrownBy(() -> tokenizer.specialTokens().require(SpecialToken.MASK))
                    .withMessage(folder.resolve("tokenizer_config.json") + ": mask_token '<gone>' is not in the "
                            + "vocabulary; name one with model.mask_token_id or model.mask_token");
        }
    }

    @Test
    void explicitIdsAndNamesWinOverFilesAndFamily() throws IOException {
        try (Tokenizer tokenizer = open("<|mask|>")) {
            SpecialTokens tokens = tokenizer.specialTokens();
            assertThat(tokens.with(SpecialToken.MASK, 9)
                            .orFamily("llama", 32_000)
                            .require(SpecialToken.MASK))
                    .isEqualTo(9);
            assertThat(tokens.with(SpecialToken.MASK, "ab", tokenizer).require(SpecialToken.MASK))
                    .isEqualTo(2);
            assertThat(tokens.require(SpecialToken.MASK)).isEqualTo(5);
            assertThatExceptionOfType(TokenizerException.class)
                    .isThrownBy(() -> tokens.with(SpecialToken.MASK, "<x>", tokenizer))
                    .withMessage("model.mask_token: '<x>' is not a token of " + folder.resolve("tokenizer.json")
                            + "; name a token of its vocabulary or give model.mask_token_id");
            assertThatExceptionOfType(TokenizerException.class)
                    .isThrownBy(() -> tokens.with(SpecialToken.MASK, -1))
                    .withMessage("model.mask_token_id: must not be negative, but got -1; give the id of a token");
        }
    }

    @Test
    void theFamilyTableFillsWhatIsMissing() throws IOException {
        try (Tokenizer tokenizer = open("<hole>")) {
            SpecialTokens tokens = tokenizer.specialTokens().orFamily("llama", 32_000);
            assertThat(tokens.require(SpecialToken.MASK)).isEqualTo(811);
            assertThat(tokens.require(SpecialToken.SEP)).isEqualTo(4936);
            assertThat(tokens.require(SpecialToken.PAD)).isEqualTo(30399);
            assertThat(tokens.require(SpecialToken.BOS)).isEqualTo(1);
            assertThat(tokens.require(SpecialToken.EOS)).isEqualTo(2);
            assertThat(tokenizer.specialTokens().orFamily("llama", 128_256).id(SpecialToken.MASK))
                    .isEmpty();
            assertThat(tokenizer.specialTokens().orFamily("qwen2", 32_000).id(SpecialToken.MASK))
                    .isEmpty();
        }
    }

    private Tokenizer open(String mask) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), TokenizerTest.words(mask));
        return Tokenizer.open(folder);
    }
}
