package org.panamask.text;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Reads model and added tokens of a tokenizer.json and refuses what the native library would number differently, or
/// would abort the process over (tokenizers 0.21.4: a merge shorter than the subword prefix, models/bpe/model.rs).
final class VocabularyRules {
    private static final int MAX_ID = 1 << 24;
    private static final double MAX_SCORE = 1e6;

    private final JsonFile file;
    private final Map<String, Integer> ids = new HashMap<>();
    private final BitSet taken = new BitSet();
    private int next;

    private VocabularyRules(JsonFile file) {
        this.file = file;
    }

    static Vocabulary read(JsonFile file) {
        VocabularyRules rules = new VocabularyRules(file);
        if (!(file.root().get("model") instanceof ObjectNode model)) {
            throw file.broken("model", "must be an object; fetch the file again");
        }
        rules.model(model);
        List<String> specials = rules.added();
        if (rules.ids.isEmpty()) {
            throw file.broken("model.vocab", "must hold at least one token; fetch the file again");
        }
        return Vocabulary.of(rules.ids, specials, rules.next);
    }

    private void model(ObjectNode model) {
        if (!model.has("type") && model.has("merges")) {
            model.put("type", "BPE"); // files of tokenizers before 0.10 leave the type out
        }
        JsonNode type = model.get("type");
        switch (type == null ? "" : type.asString("")) {
            case "BPE" -> bytePairs(model);
            case "WordLevel", "WordPiece" -> words(model);
            case "Unigram" -> unigram(model);
            default ->
                throw file.broken(
                        "model.type",
                        "must be BPE, WordPiece, WordLevel or Unigram, but is " + type
                                + "; use a tokenizer of one of these kinds");
        }
    }

    private void bytePairs(ObjectNode model) {
        entries(model);
        model.putNull("dropout"); // random merges would make rows differ from run to run
        unknownToken(model, false);
        if (!(model.get("merges") instanceof ArrayNode merges)) {
            throw file.broken("model.merges", "must be a list; fetch the file again");
        }
        String prefix = text(model, "continuing_subword_prefix");
        for (int i = 0; i < merges.size(); i++) {
            merge(merges.get(i), prefix, "model.merges[" + i + "]");
        }
    }

    private void merge(JsonNode merge, String prefix, String place) {
        List<String> pair = pair(merge);
        if (pair.size() != 2) {
            throw file.broken(place, "must be two tokens, but is " + merge + "; fetch the file again");
        }
        String right = pair.get(1);
        if (!right.startsWith(prefix)) {
            throw file.broken(
                    place,
                    "the second token must begin with the prefix '" + prefix + "', but is '" + right
                            + "'; fetch the file again");
        }
        for (String token : List.of(pair.get(0), right, pair.get(0) + right.substring(prefix.length()))) {
            if (!ids.containsKey(token)) {
                throw file.broken(place, "'" + token + "' is not in model.vocab; fetch the file again");
            }
        }
    }

    private static List<String> pair(JsonNode merge) {
        if (merge.isString()) {
            return List.of(merge.stringValue().split(" ", -1));
        }
        if (merge.isArray()
                && merge.size() == 2
                && merge.get(0).isString()
                && merge.get(1).isString()) {
            return List.of(merge.get(0).stringValue(), merge.get(1).stringValue());
        }
        return List.of();
    }

    private void words(ObjectNode model) {
        entries(model);
        unknownToken(model, true);
    }

    private void unknownToken(ObjectNode model, boolean required) {
        JsonNode unknown = model.get("unk_token");
        boolean absent = unknown == null || unknown.isNull();
        if (absent && !required) {
            return;
        }
        if (absent || !unknown.isString() || !ids.containsKey(unknown.stringValue())) {
            throw file.broken(
                    "model.unk_token", "must be a token of model.vocab, but is " + unknown + "; fetch the file again");
        }
    }

    private void entries(ObjectNode model) {
        if (!(model.get("vocab") instanceof ObjectNode vocab)) {
            throw file.broken("model.vocab", "must be an object of token and id; fetch the file again");
        }
        for (Map.Entry<String, JsonNode> entry : vocab.properties()) {
            put(entry.getKey(), id(entry.getValue(), "model.vocab", entry.getKey()), "model.vocab");
        }
    }

    private void unigram(ObjectNode model) {
        if (!(model.get("vocab") instanceof ArrayNode vocab) || vocab.isEmpty()) {
            throw file.broken("model.vocab", "must be a list of token and score; fetch the file again");
        }
        for (int i = 0; i < vocab.size(); i++) {
            JsonNode entry = vocab.get(i);
            boolean wellFormed = entry.isArray()
                    && entry.size() == 2
                    && entry.get(0).isString()
                    && entry.get(1).isNumber()
                    && Math.abs(entry.get(1).asDouble()) <= MAX_SCORE;
            if (!wellFormed) {
                throw file.broken(
                        "model.vocab[" + i + "]",
                        "must be a token and a score, but is " + entry + "; fetch the file again");
            }
            ids.putIfAbsent(entry.get(0).stringValue(), i); // sentencepiece files may repeat a piece
            taken.set(i);
        }
        JsonNode unknown = model.get("unk_id");
        if (unknown != null && !unknown.isNull() && !(unknown.isInt() && taken.get(Math.max(0, unknown.intValue())))) {
            throw file.broken(
                    "model.unk_id",
                    "must be the index of an entry of model.vocab, but is " + unknown + "; fetch the file again");
        }
    }

    /// Added tokens in file order. The native library ignores the file's id and takes the vocabulary's, or the next
    /// free one.
    private List<String> added() {
        List<String> specials = new ArrayList<>();
        JsonNode added = file.root().get("added_tokens");
        int modelSize = taken.cardinality();
        next = modelSize;
        if (added == null || added.isNull()) {
            return specials;
        }
        if (!(added instanceof ArrayNode tokens)) {
            throw file.broken("added_tokens", "must be a list; fetch the file again");
        }
        int largest = -1;
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < tokens.size(); i++) {
            String place = "added_tokens[" + i + "]";
            JsonNode token = tokens.get(i);
            JsonNode content = token.get("content");
            if (content == null
                    || !content.isString()
                    || content.stringValue().isEmpty()
                    || !seen.add(content.stringValue())) {
                throw file.broken(
                        place, "content must be a text of its own, but is " + content + "; fetch the file again");
            }
            String text = content.stringValue();
            int id = id(token.get("id"), place, text);
            int expected = ids.getOrDefault(text, next);
            if (id != expected) {
                throw file.broken(
                        place,
                        "'" + text + "' must have id " + expected + ", the one the tokenizer gives it, but has " + id
                                + "; renumber it or add it to model.vocab");
            }
            if (!ids.containsKey(text)) {
                put(text, id, place);
            }
            largest = Math.max(largest, id);
            next = Math.max(modelSize, largest + 1);
            if (token.path("special").asBoolean(false)) {
                specials.add(text);
            }
        }
        return specials;
    }

    private void put(String token, int id, String place) {
        if (taken.get(id)) {
            throw file.broken(
                    place,
                    "every id must belong to one token, but '" + token + "' shares " + id
                            + " with another; fetch the file again");
        }
        taken.set(id);
        ids.put(token, id);
    }

    private int id(JsonNode node, String place, String token) {
        if (node == null || !node.isInt() || node.intValue() < 0 || node.intValue() >= MAX_ID) {
            throw file.broken(
                    place,
                    "the id of '" + token + "' must be a whole number from 0 to " + (MAX_ID - 1) + ", but is " + node
                            + "; fetch the file again");
        }
        return node.intValue();
    }

    private static String text(ObjectNode model, String name) {
        JsonNode node = model.get(name);
        return node == null || !node.isString() ? "" : node.stringValue();
    }
}
