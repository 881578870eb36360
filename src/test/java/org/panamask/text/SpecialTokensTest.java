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
                            .orFamily("llama", 32_000, 4096, tokenizer)
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
            SpecialTokens tokens = tokenizer.specialTokens().orFamily("llama", 32_000, 4096, tokenizer);
            assertThat(tokens.require(SpecialToken.MASK)).isEqualTo(811);
            assertThat(tokens.require(SpecialToken.SEP)).isEqualTo(4936);
            assertThat(tokens.require(SpecialToken.PAD)).isEqualTo(30399);
            assertThat(tokens.require(SpecialToken.BOS)).isEqualTo(1);
            assertThat(tokens.require(SpecialToken.EOS)).isEqualTo(2);
            assertThat(tokenizer
                            .specialTokens()
                            .orFamily("llama", 128_256, 4096, tokenizer)
                            .id(SpecialToken.MASK))
                    .isEmpty();
            assertThat(tokenizer
                            .specialTokens()
                            .orFamily("qwen2", 32_000, 896, tokenizer)
                            .id(SpecialToken.MASK))
                    .isEmpty();
        }
    }

    @Test
    void theSizesOfGpt2HaveTheirOwnTables() throws IOException {
        Files.writeString(
                folder.resolve("tokenizer.json"),
                TokenizerTest.words("<hole>").replace("\"a\": 0, \"b\": 1", "\"======\": 0, \"\u00A8\": 1"));
        try (Tokenizer tokenizer = Tokenizer.open(folder)) {
            SpecialTokens small = tokenizer.specialTokens().orFamily("gpt2", 50_257, 768, tokenizer);
            assertThat(small.require(SpecialToken.MASK)).isEqualTo(10_541);
            assertThat(small.require(SpecialToken.SEP)).isEqualTo(50_155);
            assertThat(small.require(SpecialToken.PAD)).isEqualTo(50_256);
            SpecialTokens medium = tokenizer.specialTokens().orFamily("gpt2", 50_257, 1024, tokenizer);
            assertThat(medium.require(SpecialToken.SEP)).isZero();
            assertThat(medium.require(SpecialToken.PAD)).isEqualTo(1);
            assertThat(medium.require(SpecialToken.EOS)).isEqualTo(50_256);
            assertThat(medium.id(SpecialToken.MASK)).isEmpty();
            assertThat(tokenizer
                            .specialTokens()
                            .orFamily("gpt2", 50_258, 1024, tokenizer)
                            .require(SpecialToken.MASK))
                    .isEqualTo(50_257);
        }
    }

    private Tokenizer open(String mask) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), TokenizerTest.words(mask));
        return Tokenizer.open(folder);
    }
}
