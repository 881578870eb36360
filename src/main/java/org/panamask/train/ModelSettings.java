package org.panamask.train;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.panamask.config.Key;
import org.panamask.config.Require;
import org.panamask.config.Settings;

/// The model to start from.
///
/// @param path the model folder in Hugging Face layout
/// @param init where the weights come from
/// @param maskTokenId the id of the mask token
/// @param maskToken where the mask token comes from, or its text
/// @param bosTokenId the id that begins a row
/// @param sepTokenId the id between prompt and answer
/// @param eosTokenId the id that ends an answer
/// @param padTokenId the id that fills a row
/// @param adapter adapters of the model: all but the last are merged into it, the last is trained on
/// @param tokenizer a tokenizer file or folder, if not that of the model folder
/// @param splitDigits whether every digit is a token of its own
public record ModelSettings(
        @Key(
                shorthand = true,
                doc = "model folder with config.json, weights and tokenizer, as Hugging Face lays it out")
        Path path,

        @Key(value = "pretrained", doc = "start from the folder's weights (pretrained) or from random ones (random)")
        Init init,

        @Key(doc = "id of the mask token; found in the model folder when left out")
        Optional<Integer> maskTokenId,

        @Key(
                doc = "reuse, a token that is there already: that of mask_token_id, the one the model folder names, or"
                        + " the family's; add, a new one behind the vocabulary; or the text of a token of the tokenizer;"
                        + " reuse when left out")
        Optional<String> maskToken,

        @Key(doc = "id of the token that begins a row; found in the model folder when left out")
        Optional<Integer> bosTokenId,

        @Key(doc = "id of the token between prompt and answer; found in the model folder when left out")
        Optional<Integer> sepTokenId,

        @Key(doc = "id of the token that ends an answer; found in the model folder when left out")
        Optional<Integer> eosTokenId,

        @Key(doc = "id of the token that fills a row; found in the model folder when left out")
        Optional<Integer> padTokenId,

        @Key(
                value = "[]",
                doc = "folders of PEFT adapters, in the order they were trained: all but the last are merged into the"
                        + " model, the last goes on training; of the lora keys lora.dropout may then differ from it,"
                        + " another one that does is refused, and one at its default says nothing")
        List<Path> adapter,

        @Key(
                doc =
                        "tokenizer.json or the folder that holds it; when left out, the adapter's folder if it has one, or"
                                + " the model folder")
        Optional<Path> tokenizer,

        @Key(
                value = "false",
                doc = "encode every digit, and every run between digits, on its own, as DiffuGPT medium does")
        boolean splitDigits) {

    /// What mask_token says for a token that is there already.
    private static final String REUSE = "reuse";

    /// What mask_token says for a new token.
    private static final String ADD = "add";

    /// Where the weights come from.
    public enum Init {
        /// The weights in the model folder.
        PRETRAINED,
        /// Random weights in the shapes of the folder's config.json.
        RANDOM
    }

    /// Checks the ranges.
    public ModelSettings {
        maskTokenId.ifPresent(id -> Require.atLeast("mask_token_id", id, 0));
        bosTokenId.ifPresent(id -> Require.atLeast("bos_token_id", id, 0));
        sepTokenId.ifPresent(id -> Require.atLeast("sep_token_id", id, 0));
        eosTokenId.ifPresent(id -> Require.atLeast("eos_token_id", id, 0));
        padTokenId.ifPresent(id -> Require.atLeast("pad_token_id", id, 0));
        adapter = List.copyOf(adapter);
        maskToken.ifPresent(token -> Require.that(!token.isEmpty(), "mask_token must not be empty"));
        Require.that(
                maskTokenId.isEmpty() || maskToken.isEmpty() || maskToken.get().equals(REUSE),
                "mask_token must be left out when model.mask_token_id is given; keep one of the two");
        Require.that(
                adapter.isEmpty() || maskToken.filter(ADD::equals).isEmpty(),
                "mask_token must not be add when model.adapter is given; an adapter keeps the tokens it was trained"
                        + " with");
    }

    /// Whether a mask token is added to the vocabulary.
    public boolean addsMaskToken() {
        return maskToken.filter(ADD::equals).isPresent();
    }

    /// The text of the mask token, where it is named by its text.
    public Optional<String> maskTokenText() {
        return maskToken.filter(token -> !token.equals(ADD) && !token.equals(REUSE));
    }

    /// The model of one folder, every other key at its default.
    public static ModelSettings of(Path path) {
        return Settings.of(ModelSettings.class, Map.of("path", path));
    }

    /// A copy with one key changed, named as in a recipe: `with("init", "random")`.
    ///
    /// @throws org.panamask.config.SettingException if there is no such key or it does not take `value`
    public ModelSettings with(String key, Object value) {
        return Settings.with(this, key, value);
    }
}
