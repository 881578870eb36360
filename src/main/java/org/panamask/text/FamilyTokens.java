package org.panamask.text;

import java.util.EnumMap;
import java.util.Map;

/// The special ids that masked descendants of causal models use, for tokenizers whose files name none.
///
/// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA,
///     LLaMA-Factory/src/llamafactory/model/loader.py, load_tokenizer and MaskTokenWrapper</a>
final class FamilyTokens {
    private static final int LLAMA_2_VOCABULARY = 32_000;
    private static final int GPT_2_VOCABULARY = 50_257;
    private static final int GPT_2_SMALL_WIDTH = 768;
    private static final int END_OF_TEXT = 50_256;
    /// The separator of GPT-2 from medium on.
    private static final String RULE = "======";
    /// The byte 0xA8 as byte-level vocabularies spell it.
    private static final String BYTE_A8 = "\u00A8";

    private FamilyTokens() {}

    /// The ids of the family, which may be none.
    static Map<SpecialToken, Integer> of(String family, int vocabularySize, int width, Tokenizer tokenizer) {
        Map<SpecialToken, Integer> ids = new EnumMap<>(SpecialToken.class);
        if (family.equals("llama") && vocabularySize == LLAMA_2_VOCABULARY) {
            putLlama2(ids);
        } else if (family.equals("gpt2") && vocabularySize >= GPT_2_VOCABULARY) {
            ids.put(SpecialToken.BOS, END_OF_TEXT);
            ids.put(SpecialToken.EOS, END_OF_TEXT);
            if (width <= GPT_2_SMALL_WIDTH) {
                putGpt2Small(ids);
            } else {
                putGpt2Medium(ids, vocabularySize, tokenizer);
            }
        }
        return ids;
    }

    private static void putLlama2(Map<SpecialToken, Integer> ids) {
        ids.put(SpecialToken.BOS, 1);
        ids.put(SpecialToken.EOS, 2);
        ids.put(SpecialToken.SEP, 4936);
        ids.put(SpecialToken.PAD, 30_399);
        ids.put(SpecialToken.MASK, 811);
    }

    private static void putGpt2Small(Map<SpecialToken, Integer> ids) {
        ids.put(SpecialToken.SEP, 50_155);
        ids.put(SpecialToken.PAD, END_OF_TEXT);
        ids.put(SpecialToken.MASK, 10_541);
    }

    /// Its mask token is a new one, the first behind the vocabulary.
    private static void putGpt2Medium(Map<SpecialToken, Integer> ids, int vocabularySize, Tokenizer tokenizer) {
        tokenizer.idOf(RULE).ifPresent(id -> ids.put(SpecialToken.SEP, id));
        tokenizer.idOf(BYTE_A8).ifPresent(id -> ids.put(SpecialToken.PAD, id));
        if (vocabularySize > GPT_2_VOCABULARY) {
            ids.put(SpecialToken.MASK, GPT_2_VOCABULARY);
        }
    }
}
