package org.panamask.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TokenizerChangesTest {
    private static final TokenizerChanges MASK = new TokenizerChanges(Optional.of("<|mask|>"), false);

    @TempDir
    private Path folder;

    /// Words `a`, `b` and every digit; an added token `<hole>`.
    private Path tokenizer() throws IOException {
        return Files.writeString(folder.resolve("tokenizer.json"), """
                {"version": "1.0", "truncation": null, "padding": null,
                 "added_tokens": [{"id": 5, "content": "<hole>", "single_word": false, "lstrip": false,
                 "rstrip": false, "normalized": false, "special": true}], "normalizer": null,
                 "pre_tokenizer": {"type": "Whitespace"}, "post_processor": {"type": "ByteLevel"}, "decoder": null,
                 "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "1": 2, "2": 3, "12": 4},
                 "merges": [["1", "2"]]}}
                """);
    }

    @Test
    void anAddedMaskIsFoundAgainInTheSavedFiles() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), """
                {"pad_token": "b", "added_tokens_decoder": {"5": {"content": "<hole>"}}}""");
        Files.writeString(folder.resolve("special_tokens_map.json"), "{\"pad_token\": \"b\"}");
        Path copy = folder.resolve("copy");
        try (Tokenizer tokenizer = Tokenizer.open(tokenizer(), MASK)) {
            assertThat(tokenizer.encode("a<|mask|>b")).containsExactly(0, 6, 1);
            assertThat(tokenizer.vocabularySize()).isEqualTo(7);
            assertThat(tokenizer.specialTokens().require(SpecialToken.MASK)).isEqualTo(6);
            tokenizer.save(copy);
        }
        try (Tokenizer tokenizer = Tokenizer.open(copy)) {
            assertThat(tokenizer.encode("a<|mask|>b")).containsExactly(0, 6, 1);
            assertThat(tokenizer.specialTokens().require(SpecialToken.MASK)).isEqualTo(6);
            assertThat(tokenizer.specialTokens().require(SpecialToken.PAD)).isEqualTo(1);
        }
        assertThat(copy.resolve("tokenizer.json")).content().contains("\"post_processor\":{\"type\":\"ByteLevel\"}");
        assertThat(copy.resolve("tokenizer_config.json"))
                .content()
                .contains("\"6\":{\"content\":\"<|mask|>\"", "\"mask_token\":\"<|mask|>\"");
        assertThat(copy.resolve("special_tokens_map.json")).content().contains("\"mask_token\":\"<|mask|>\"");
    }

    @Test
    void digitsAreSplitWhereAskedForAndTheFilesSaySo() throws IOException {
        Path copy = folder.resolve("copy");
        try (Tokenizer whole = Tokenizer.open(tokenizer());
                Tokenizer split = Tokenizer.open(tokenizer(), new TokenizerChanges(Optional.empty(), true))) {
            assertThat(whole.encode("a12b")).containsExactly(0, 4, 1);
            assertThat(split.encode("a12b")).containsExactly(0, 2, 3, 1);
            assertThat(split.encode("")).isEmpty();
            split.save(copy);
        }
        try (Tokenizer saved = Tokenizer.open(copy)) {
            assertThat(saved.encode("1212")).containsExactly(2, 3, 2, 3);
        }
    }

    @Test
    void filesOfAnUnchangedTokenizerAreCopiedAsTheyAre() throws IOException {
        Path copy = folder.resolve("copy");
        try (Tokenizer tokenizer = Tokenizer.open(tokenizer())) {
            tokenizer.save(copy);
            tokenizer.save(folder);
        }
        assertThat(copy.resolve("tokenizer.json")).hasSameBinaryContentAs(tokenizer());
        assertThat(copy.resolve("tokenizer_config.json")).doesNotExist();
    }
}
