package org.panamask.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.OptionalInt;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The files of a tokenizer and what is changed about them.
///
/// @param tokenizer the tokenizer.json they stand beside
/// @param changes what is changed
record TokenizerFolder(Path tokenizer, TokenizerChanges changes) {
    static final String TOKENIZER = "tokenizer.json";
    private static final String CONFIG = "tokenizer_config.json";
    private static final String SPECIALS = "special_tokens_map.json";
    private static final String ADVICE = "give a model folder with a whole tokenizer.json";
    private static final String ADDED = "added_tokens";
    private static final String DECODER = "added_tokens_decoder";
    private static final String SPLIT_DIGITS = "split_digits";

    /// The tokenizer.json with the added token in it.
    JsonFile read() {
        JsonFile file = JsonFile.read(tokenizer, ADVICE);
        if (changes.addedMask().isPresent()) {
            Vocabulary vocabulary = VocabularyRules.read(file);
            String text = changes.addedMask().get();
            OptionalInt there = SpecialTokenFiles.read(tokenizer, vocabulary).id(SpecialToken.MASK);
            if (there.isPresent() || vocabulary.idOf(text).isPresent()) {
                throw new TokenizerException("model.mask_token: add: " + tokenizer + " must not have a mask token, but"
                        + " has one, id " + (there.isPresent() ? there : vocabulary.idOf(text)).getAsInt()
                        + "; leave model.mask_token out to use it");
            }
            append(file, text, vocabulary.next());
        }
        return file;
    }

    private static void append(JsonFile file, String text, int id) {
        ArrayNode tokens = file.root().get(ADDED) instanceof ArrayNode some
                ? some
                : file.root().putArray(ADDED);
        describe(tokens.addObject().put("id", id), text);
    }

    private static void describe(ObjectNode token, String text) {
        token.put("content", text)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
    }

    /// Whether digits are encoded one by one: because it was asked for, or because the files say so.
    boolean splitsDigits() {
        Path config = tokenizer.resolveSibling(CONFIG);
        return changes.splitDigits()
                || (Files.exists(config)
                        && JsonFile.child(JsonFile.read(config, ADVICE).root(), SPLIT_DIGITS)
                                .map(node -> node.asBoolean(false))
                                .orElse(false));
    }

    /// Writes the files, as changed, into `folder`; `mask` is the id of the added token.
    void write(Path folder, OptionalInt mask) {
        try {
            Files.createDirectories(folder);
            if (changes.addedMask().isPresent()) {
                Files.write(folder.resolve(TOKENIZER), read().utf8());
            } else {
                copy(tokenizer, folder.resolve(TOKENIZER));
            }
            writeConfig(folder.resolve(CONFIG), mask);
            writeSpecials(folder.resolve(SPECIALS));
        } catch (IOException e) {
            throw new TokenizerException(folder + ": the tokenizer cannot be written, " + e + "; check the folder", e);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        if (!Files.exists(to) || !Files.isSameFile(from, to)) {
            Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private void writeConfig(Path target, OptionalInt mask) throws IOException {
        Path config = tokenizer.resolveSibling(CONFIG);
        boolean exists = Files.exists(config);
        if (changes.equals(TokenizerChanges.none())) {
            if (exists) {
                copy(config, target);
            }
            return;
        }
        JsonFile file = exists ? JsonFile.read(config, ADVICE) : JsonFile.empty(config);
        if (changes.splitDigits()) {
            file.root().put(SPLIT_DIGITS, true);
        }
        changes.addedMask().ifPresent(text -> {
            file.root().put(SpecialToken.MASK.key(), text);
            if (file.root().get(DECODER) instanceof ObjectNode tokens && mask.isPresent()) {
                describe(tokens.putObject(Integer.toString(mask.getAsInt())), text);
            }
        });
        Files.write(target, file.utf8());
    }

    private void writeSpecials(Path target) throws IOException {
        Path specials = tokenizer.resolveSibling(SPECIALS);
        if (!Files.exists(specials)) {
            return;
        }
        if (changes.addedMask().isEmpty()) {
            copy(specials, target);
            return;
        }
        JsonFile file = JsonFile.read(specials, ADVICE);
        file.root().put(SpecialToken.MASK.key(), changes.addedMask().get());
        Files.write(target, file.utf8());
    }
}
