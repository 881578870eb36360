package org.panamask.text;

import java.util.List;
import java.util.Locale;

/// The tokens that rows, masks and samplers need beside the words of a text.
public enum SpecialToken {
    /// Begins a row.
    BOS("<|bos|>", "<s>", "<|begin_of_text|>", "<|startoftext|>"),
    /// Ends a target.
    EOS("<|eos|>", "</s>", "<|end_of_text|>", "<|endoftext|>"),
    /// Stands between prompt and target.
    SEP("<|sep|>", "<sep>", "[SEP]"),
    /// Fills a row.
    PAD("<|pad|>", "<pad>", "[PAD]"),
    /// Stands where a token is hidden.
    MASK("<|mask|>", "<mask>", "[MASK]", "<|mdm_mask|>");

    private final List<String> spellings;

    SpecialToken(String... spellings) {
        this.spellings = List.of(spellings);
    }

    /// The key of tokenizer_config.json and of the recipe that names this token, such as `mask_token`.
    public String key() {
        return word() + "_token";
    }

    /// The name in lower case, such as `mask`.
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// How added tokens that no file gives a role to are usually spelt.
    List<String> spellings() {
        return spellings;
    }
}
