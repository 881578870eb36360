package org.panamask.text;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// The ids of the special tokens of one model. An id given by name or number wins over the tokenizer's files, and those
/// over the table of the model's family.
public final class SpecialTokens {
    private final String file;
    private final Map<SpecialToken, Integer> ids;
    private final Map<SpecialToken, String> reasons;

    private SpecialTokens(String file, Map<SpecialToken, Integer> ids, Map<SpecialToken, String> reasons) {
        this.file = file;
        this.ids = ids;
        this.reasons = reasons;
    }

    /// The tokens found in the files of a tokenizer; `reasons` says why a named token was not found.
    static SpecialTokens of(String file, Map<SpecialToken, Integer> ids, Map<SpecialToken, String> reasons) {
        return new SpecialTokens(file, copy(ids), new EnumMap<>(reasons));
    }

    /// The id of `token`, if one is known.
    public OptionalInt id(SpecialToken token) {
        Integer id = ids.get(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /// The id of `token`.
    ///
    /// @throws TokenizerException if none is known; the message names the keys that give one
    public int require(SpecialToken token) {
        Integer id = ids.get(token);
        if (id == null) {
            String why = reasons.getOrDefault(token, file + ": no " + token.word() + " token");
            throw new TokenizerException(why + "; name one with model." + token.key() + "_id or model." + token.key());
        }
        return id;
    }

    /// These tokens with `token` at `id`, whatever the files say.
    ///
    /// @throws TokenizerException if `id` is negative
    public SpecialTokens with(SpecialToken token, int id) {
        if (id < 0) {
            throw new TokenizerException(
                    "model." + token.key() + "_id: must not be negative, but got " + id + "; give the id of a token");
        }
        Map<SpecialToken, Integer> changed = copy(ids);
        changed.put(token, id);
        return new SpecialTokens(file, changed, reasons);
    }

    /// These tokens with `token` at the id that `tokenizer` gives the text `spelling`.
    ///
    /// @throws TokenizerException if `spelling` is not one token of the vocabulary
    public SpecialTokens with(SpecialToken token, String spelling, Tokenizer tokenizer) {
        OptionalInt id = tokenizer.idOf(spelling);
        if (id.isEmpty()) {
            throw new TokenizerException("model." + token.key() + ": '" + spelling + "' is not a token of " + file
                    + "; name a token of its vocabulary or give model." + token.key() + "_id");
        }
        return with(token, id.getAsInt());
    }

    /// These tokens, with `token` at `id` where it is missing; a negative id stands for none.
    public SpecialTokens or(SpecialToken token, Optional<Integer> id) {
        return ids.containsKey(token)
                ? this
                : id.filter(value -> value >= 0)
                        .map(value -> with(token, value))
                        .orElse(this);
    }

    /// These tokens, with missing ones taken from the table of the model's family where it has one; see
    /// [FamilyTokens].
    ///
    /// @param family the model type, such as `llama`
    /// @param vocabularySize the number of rows of the embedding
    /// @param width of the hidden states, which tells the sizes of GPT-2 apart
    /// @param tokenizer knows the ids of tokens that the table names by their text
    public SpecialTokens orFamily(String family, int vocabularySize, int width, Tokenizer tokenizer) {
        Map<SpecialToken, Integer> filled = FamilyTokens.of(family, vocabularySize, width, tokenizer);
        filled.putAll(ids);
        return new SpecialTokens(file, filled, reasons);
    }

    private static Map<SpecialToken, Integer> copy(Map<SpecialToken, Integer> ids) {
        Map<SpecialToken, Integer> copy = new EnumMap<>(SpecialToken.class);
        copy.putAll(ids);
        return copy;
    }

    @Override
    public String toString() {
        return ids.toString();
    }
}
