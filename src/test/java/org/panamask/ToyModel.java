package org.panamask;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.HubFolder;
import org.panamask.model.Models;
import org.panamask.tensor.Owner;

/// A Llama of a few thousand random weights in a folder as a user has it, with a tokenizer of one token a character,
/// and rows and a recipe to train it with.
public final class ToyModel {
    /// The spellings of its special tokens, in the order of their ids.
    public static final List<String> SPECIAL = List.of("<|bos|>", "<|sep|>", "<|eos|>", "<|pad|>", "<|mask|>");

    /// The longest canvas it takes.
    public static final int POSITIONS = 48;

    private static final String CHARACTERS = "abcdefghijklmnopqrstuvwxyz ";

    private ToyModel() {}

    /// Writes the model into `folder`.
    public static Path write(Path folder) throws IOException {
        return withWeights(writeSettings(folder, SPECIAL));
    }

    private static Path withWeights(Path folder) {
        try (Backend backend = Backends.open(BackendSettings.defaults().with("name", "reference"));
                Owner owner = backend.owner("weights")) {
            backend.run("write", Precision.F32, ops -> {
                Models.create(HubFolder.config(folder), 11, ops, owner).save(ops, folder);
                return folder;
            });
        }
        return folder;
    }

    /// Writes a LLaDA of the same size into `folder`.
    public static Path writeLlada(Path folder) throws IOException {
        writeSettings(folder, SPECIAL);
        Files.writeString(folder.resolve("config.json"), """
                {"model_type": "llada", "d_model": 16, "n_layers": 2, "n_heads": 2, "n_kv_heads": 1,
                 "mlp_hidden_size": 32, "vocab_size": 32, "embedding_size": 32, "max_sequence_length": 48, "rope": true,
                 "block_type": "llama", "activation_type": "silu", "layer_norm_type": "rms", "weight_tying": false,
                 "init_std": 0.5}
                """);
        return withWeights(folder);
    }

    /// Writes all but the weights into `folder`; the tokenizer knows the special tokens `special` only.
    public static Path writeSettings(Path folder, List<String> special) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), config());
        Files.writeString(folder.resolve("tokenizer.json"), tokenizer(special));
        return folder;
    }

    /// Writes `count` questions and answers into `file`.
    public static Path writeRows(Path file, int count) throws IOException {
        return Files.writeString(
                file,
                IntStream.range(0, count)
                        .mapToObj(i -> """
                                {"instruction": "spell %1$s", "input": "", "output": "%1$s %1$s"}
                                """.formatted(CHARACTERS.charAt(i % 26)))
                        .collect(Collectors.joining()));
    }

    /// Writes a recipe for a model in `model`, rows in `rows.jsonl` and a run in `run`, all beside it; `more` is
    /// added at its end.
    public static Path writeRecipe(Path file, String more) throws IOException {
        return Files.writeString(file, """
                model: model
                lora: {rank: 2, dropout: 0.1}
                data: {train: rows.jsonl, max_tokens: 20}
                sample: {steps: 4, length: 24}
                backend: {threads: 1}
                output: run
                """ + more);
    }

    private static String config() {
        return """
                {
                  "model_type": "llama",
                  "vocab_size": %d,
                  "hidden_size": 16,
                  "intermediate_size": 32,
                  "num_hidden_layers": 2,
                  "num_attention_heads": 2,
                  "num_key_value_heads": 1,
                  "max_position_embeddings": %d,
                  "rms_norm_eps": 1e-5,
                  "initializer_range": 0.5,
                  "tie_word_embeddings": false
                }
                """.formatted(SPECIAL.size() + CHARACTERS.length(), POSITIONS);
    }

    private static String tokenizer(List<String> special) {
        String added = special.stream()
                .map(token -> """
                        {"id": %d, "content": "%s", "single_word": false, "lstrip": false, "rstrip": false, \
                        "normalized": false, "special": true}""".formatted(SPECIAL.indexOf(token), token))
                .collect(Collectors.joining(", "));
        String vocabulary = IntStream.range(0, SPECIAL.size() + CHARACTERS.length())
                .filter(id -> id >= SPECIAL.size() || special.contains(SPECIAL.get(id)))
                .mapToObj(id -> "\"%s\": %d".formatted(spelling(id), id))
                .collect(Collectors.joining(", "));
        return """
                {
                  "version": "1.0",
                  "added_tokens": [%s],
                  "normalizer": null,
                  "pre_tokenizer": null,
                  "post_processor": null,
                  "decoder": {"type": "Fuse"},
                  "model": {"type": "BPE", "vocab": {%s}, "merges": []}
                }
                """.formatted(added, vocabulary);
    }

    private static String spelling(int id) {
        return id < SPECIAL.size()
                ? SPECIAL.get(id)
                : CHARACTERS.substring(id - SPECIAL.size()).substring(0, 1);
    }
}
