package org.panamask.text;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/// Finds special tokens in the files beside a tokenizer.json: tokenizer_config.json, then special_tokens_map.json, then
/// added tokens with a usual spelling.
final class SpecialTokenFiles {
    private final Path tokenizer;
    private final Vocabulary vocabulary;
    private final Map<SpecialToken, Integer> ids = new EnumMap<>(SpecialToken.class);
    private final Map<SpecialToken, String> reasons = new EnumMap<>(SpecialToken.class);

    private SpecialTokenFiles(Path tokenizer, Vocabulary vocabulary) {
        this.tokenizer = tokenizer;
        this.vocabulary = vocabulary;
    }

    static SpecialTokens read(Path tokenizer, Vocabulary vocabulary) {
        SpecialTokenFiles files = new SpecialTokenFiles(tokenizer, vocabulary);
        files.named("tokenizer_config.json");
        files.named("special_tokens_map.json");
        files.spelt();
        return SpecialTokens.of(tokenizer.toString(), files.ids, files.reasons);
    }

    private void named(String name) {
        Path path = tokenizer.resolveSibling(name);
        if (!Files.exists(path)) {
            return;
        }
        JsonFile file = JsonFile.read(path, "repair it or take it out of the folder");
        for (SpecialToken token : SpecialToken.values()) {
            if (!ids.containsKey(token)) {
                JsonFile.child(file.root(), token.key()).ifPresent(node -> named(file, token, node));
            }
        }
    }

    private void named(JsonFile file, SpecialToken token, JsonNode node) {
        JsonNode text = node.isObject() ? JsonFile.child(node, "content").orElse(node) : node;
        if (!text.isString()) {
            throw file.broken(
                    token.key(), "must be a text or an object with content, but is " + node + "; repair the file");
        }
        OptionalInt id = vocabulary.idOf(text.stringValue());
        if (id.isPresent()) {
            ids.put(token, id.getAsInt());
        } else {
            reasons.putIfAbsent(
                    token, file.path() + ": " + token.key() + " '" + text.stringValue() + "' is not in the vocabulary");
        }
    }

    private void spelt() {
        for (SpecialToken token : SpecialToken.values()) {
            Optional<String> text = token.spellings().stream()
                    .filter(vocabulary.specials()::contains)
                    .findFirst();
            text.map(vocabulary::idOf).ifPresent(id -> id.ifPresent(value -> ids.putIfAbsent(token, value)));
        }
    }
}
