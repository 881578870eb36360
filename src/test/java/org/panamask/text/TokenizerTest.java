package org.panamask.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizerTest {
    private static final String ADDED = """
            {"id": 5, "content": "<|mask|>", "single_word": false, "lstrip": false, "rstrip": false,
             "normalized": false, "special": true}""";
    private static final String WORDS = """
            {"type": "WordLevel", "vocab": {"a": 0, "b": 1, "ab": 2, "[UNK]": 3, "c": 4}, "unk_token": "[UNK]"}""";
    private static final String PAIRS = """
            {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "##b": 3, "c": 4}, "merges": [["a", "b"]]}""";

    @TempDir
    Path folder;

    @Test
    void encodesAndDecodesWithoutSpecialTokens() throws IOException {
        try (Tokenizer tokenizer = words()) {
            assertThat(tokenizer.encode("a b ab zz<|mask|>")).containsExactly(0, 1, 2, 3, 5);
            assertThat(tokenizer.encode("")).isEmpty();
            assertThat(tokenizer.decode(new int[] {0, 5, 1}, false)).isEqualTo("a <|mask|> b");
            assertThat(tokenizer.decode(new int[] {0, 5, 1}, true)).isEqualTo("a b");
            assertThat(tokenizer.decode(new int[0], true)).isEmpty();
            assertThat(tokenizer.vocabularySize()).isEqualTo(6);
            assertThat(tokenizer.idOf("ab")).hasValue(2);
            assertThat(tokenizer.idOf("abc")).isEmpty();
            assertThat(tokenizer.holds(5)).isTrue();
            assertThat(tokenizer.holds(6)).isFalse();
        }
    }

    @Test
    void neverTruncatesPadsOrAddsWhatTheFileAsksFor() throws IOException {
        String truncation =
                "{\"direction\": \"Right\", \"max_length\": 2, \"strategy\": \"LongestFirst\", \"stride\": 5}";
        String json = json(WORDS)
                .replace("\"truncation\": null", "\"truncation\": " + truncation)
                .replace("\"post_processor\": null", "\"post_processor\": {\"type\": \"Nonsense\"}");
        try (Tokenizer tokenizer = Tokenizer.open(write(json))) {
            assertThat(tokenizer.encode("a ".repeat(4000))).hasSize(4000);
        }
    }

    @Test
    void keepsTheLibraryOffTheNetwork() throws IOException {
        try (Tokenizer _ = words()) {
            assertThat(System.getProperty("ai.djl.offline")).isEqualTo("true");
            assertThat(System.getProperty("OPT_OUT_TRACKING")).isEqualTo("true");
        }
    }

    @Test
    void refusesIdsOutsideTheVocabulary() throws IOException {
        try (Tokenizer tokenizer = words()) {
            for (int id : new int[] {-1, 6, Integer.MAX_VALUE}) {
                assertThatExceptionOfType(TokenizerException.class)
                        .isThrownBy(() -> tokenizer.decode(new int[] {0, id}, false))
                        .withMessage("%s: id %d at position 1 is not in the vocabulary of 6; "
                                        .formatted(tokenizer.path(), id)
                                + "decode ids of this tokenizer only");
            }
        }
    }

    @Test
    void refusesHalfSurrogatesAndOverlongTexts() throws IOException {
        try (Tokenizer tokenizer = words()) {
            assertThat(tokenizer.encode("a \ud83d\ude00 b")).containsExactly(0, 3, 1);
            assertThatExceptionOfType(TokenizerException.class)
                    .isThrownBy(() -> tokenizer.encode("ab\ud83d"))
                    .withMessage(tokenizer.path() + ": a text must be Unicode, but character 2 is half of a surrogate "
                            + "pair; repair the text");
            assertThat(tokenizer.maxCharacters()).isEqualTo(4_000_000);
            assertThatExceptionOfType(TokenizerException.class)
                    .isThrownBy(() -> tokenizer.encode("a".repeat(4_000_001)))
                    .withMessage(tokenizer.path()
                            + ": a text must not exceed 4000000 characters, but has 4000001; split it");
        }
    }

    @Test
    void closesOnceAndRefusesUseAfterwards() throws IOException {
        Tokenizer tokenizer = words();
        tokenizer.close();
        tokenizer.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> tokenizer.encode("a"))
                .withMessage(tokenizer.path() + ": the tokenizer is closed");
        assertThatIllegalStateException().isThrownBy(() -> tokenizer.decode(new int[] {0}, false));
    }

    @Test
    void servesManyThreadsAtOnce() throws IOException {
        try (Tokenizer tokenizer = words()) {
            List<int[]> rows = IntStream.range(0, 2000)
                    .parallel()
                    .mapToObj(i -> tokenizer.encode(i % 2 == 0 ? "a b" : "ab c a"))
                    .toList();
            assertThat(rows.get(1000)).containsExactly(0, 1);
            assertThat(rows.get(1001)).containsExactly(2, 4, 0);
        }
    }

    @Test
    void resolvesBytePairsOfOlderFilesToo() throws IOException {
        String untyped = PAIRS.replace("\"type\": \"BPE\", ", "").replace("[\"a\", \"b\"]", "\"a b\"");
        try (Tokenizer tokenizer = Tokenizer.open(write(json(untyped)))) {
            assertThat(tokenizer.encode("abab a")).containsExactly(2, 2, 0);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '~', quoteCharacter = '`', textBlock = """
            "a": 0 ~ "a": -1 ~ model.vocab: the id of 'a' must be a whole number from 0 to 16777215, but is -1; fetch the file again
            "a": 0 ~ "a": 4294967295 ~ model.vocab: the id of 'a' must be a whole number from 0 to 16777215, but is 4294967295; fetch the file again
            "a": 0 ~ "a": 1.5 ~ model.vocab: the id of 'a' must be a whole number from 0 to 16777215, but is 1.5; fetch the file again
            "a": 0 ~ "a": 1 ~ model.vocab: every id must belong to one token, but 'b' shares 1 with another; fetch the file again
            "id": 5 ~ "id": 77 ~ added_tokens[0]: '<|mask|>' must have id 5, the one the tokenizer gives it, but has 77; renumber it or add it to model.vocab
            "WordLevel" ~ "Magic" ~ model.type: must be BPE, WordPiece, WordLevel or Unigram, but is "Magic"; use a tokenizer of one of these kinds
            "[UNK]": 3 ~ "UNK": 3 ~ model.unk_token: must be a token of model.vocab, but is "[UNK]"; fetch the file again
            {"type": "Whitespace"} ~ {"type": "FixedLength", "length": 0} ~ pre_tokenizer.length: must be at least 1, but is 0; fetch the file again
            "decoder": null ~ "decoder": {"type": "Strip", "content": "a", "start": 0, "stop": 5} ~ decoder.stop: must be 0, but is 5; use a tokenizer that strips at the start only
            "normalizer": null ~ "normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"} ~ normalizer: a Precompiled normalizer cannot be checked before native code runs it; use a tokenizer without one
            "normalizer": null ~ "normalizer": {"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaa"} ~ normalizer.content: replacements must not make a text more than 8 times longer; use a tokenizer with shorter ones
            {"type": "Whitespace"} ~ {"type": "Split", "pattern": {"Regex": "^(a+)+$"}, "behavior": "Isolated", "invert": false} ~ pre_tokenizer.pattern.Regex: the pattern ^(a+)+$ repeats a group that itself can match in several ways; use a tokenizer with a simpler pattern
            """)
    void refusesWhatNativeCodeCannotBeTrustedWith(String from, String to, String message) throws IOException {
        String broken = json(WORDS).replace(from, to);
        assertThat(broken).isNotEqualTo(json(WORDS));
        refuses(broken, ": " + message);
    }

    @Test
    void refusesMergesThatDoNotResolve() throws IOException {
        refuses(
                json(PAIRS.replace("[\"a\", \"b\"]", "[\"b\", \"a\"]")),
                ": model.merges[0]: 'ba' is not in model.vocab; fetch the file again");
        refuses(
                json(PAIRS.replace("[\"a\", \"b\"]", "[\"a\"]")),
                ": model.merges[0]: must be two tokens, but is [\"a\"]; fetch the file again");
        refuses(
                json(PAIRS.replace("\"merges\"", "\"continuing_subword_prefix\": \"##\", \"merges\"")),
                ": model.merges[0]: the second token must begin with the prefix '##', but is 'b'; fetch the file again");
    }

    @Test
    void refusesFilesThatAreNotTokenizers() throws IOException {
        refuses("{", ":1:2: must be JSON, but ");
        refuses("[]", ": must hold one JSON object; give a model folder with a whole tokenizer.json");
        refuses("{}", ": model: must be an object; fetch the file again");
        refuses("[".repeat(1000), "must be JSON, but ");
        refuses(json("{\"type\": \"WordLevel\", \"vocab\": {}, \"unk_token\": \"a\"}"), "model.unk_token: must be");
        Path path = folder.resolve("tokenizer.json");
        Files.write(path, new byte[] {'{', (byte) 0xff, '}'});
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> Tokenizer.open(folder))
                .withMessage(path + ": is not UTF-8; give a model folder with a whole tokenizer.json");
        Files.delete(path);
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> Tokenizer.open(folder))
                .withMessage(path + ": no such file; give a model folder with a whole tokenizer.json");
    }

    @Test
    void wrapsWhatTheLibraryItselfRefuses() throws IOException {
        refuses(
                json(WORDS).replace("{\"type\": \"Whitespace\"}", "{\"type\": \"Nonsense\"}"),
                ": the tokenizer library refuses it, ");
    }

    private void refuses(String json, String message) throws IOException {
        Path path = write(json);
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> Tokenizer.open(path))
                .withMessageStartingWith(path.toString())
                .withMessageContaining(message);
    }

    private Tokenizer words() throws IOException {
        return Tokenizer.open(write(json(WORDS)));
    }

    static String json(String model) {
        return """
                {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [%s], "normalizer": null,
                 "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null, "model": %s}""".formatted(ADDED, model);
    }

    static String words(String mask) {
        return json(WORDS).replace("<|mask|>", mask);
    }

    private Path write(String json) throws IOException {
        return Files.write(folder.resolve("tokenizer.json"), json.getBytes(StandardCharsets.UTF_8));
    }
}
