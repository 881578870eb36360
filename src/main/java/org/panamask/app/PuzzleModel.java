package org.panamask.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Writes a small untrained Llama for puzzles, 0.3 million parameters: its `config.json`, and a tokenizer of one token
/// a character. The rotary base suits rows of 35 tokens.
final class PuzzleModel {
    private static final List<String> SPECIAL = List.of("<|bos|>", "<|sep|>", "<|eos|>", "<|pad|>", "<|mask|>");
    private static final String CHARACTERS = "01234abcd";

    private PuzzleModel() {}

    /// Writes the files into `folder`.
    static void write(Path folder) {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("config.json"), config());
            Files.writeString(folder.resolve("tokenizer.json"), tokenizer());
        } catch (IOException failure) {
            throw new UncheckedIOException(folder + ": the puzzle model could not be written", failure);
        }
    }

    private static String config() {
        return """
                {
                  "model_type": "llama",
                  "vocab_size": %d,
                  "hidden_size": 96,
                  "intermediate_size": 136,
                  "num_hidden_layers": 4,
                  "num_attention_heads": 6,
                  "num_key_value_heads": 6,
                  "hidden_act": "silu",
                  "max_position_embeddings": 64,
                  "rms_norm_eps": 1e-5,
                  "rope_theta": 30.0,
                  "initializer_range": 0.05,
                  "tie_word_embeddings": false,
                  "bos_token_id": 0,
                  "eos_token_id": 2,
                  "pad_token_id": 3
                }
                """.formatted(SPECIAL.size() + CHARACTERS.length());
    }

    private static String tokenizer() {
        String added = IntStream.range(0, SPECIAL.size())
                .mapToObj(id -> """
                        {"id": %d, "content": "%s", "single_word": false, "lstrip": false, "rstrip": false, \
                        "normalized": false, "special": true}""".formatted(id, SPECIAL.get(id)))
                .collect(Collectors.joining(",\n    "));
        String vocabulary = IntStream.range(0, SPECIAL.size() + CHARACTERS.length())
                .mapToObj(id -> "\"%s\": %d"
                        .formatted(
                                id < SPECIAL.size()
                                        ? SPECIAL.get(id)
                                        : CHARACTERS.substring(id - SPECIAL.size(), id - SPECIAL.size() + 1),
                                id))
                .collect(Collectors.joining(", "));
        return """
                {
                  "version": "1.0",
                  "added_tokens": [
                    %s
                  ],
                  "normalizer": null,
                  "pre_tokenizer": null,
                  "post_processor": null,
                  "decoder": {"type": "Fuse"},
                  "model": {"type": "BPE", "vocab": {%s}, "merges": []}
                }
                """.formatted(added, vocabulary);
    }
}
