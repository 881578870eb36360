package org.panamask.train;

import java.util.Map;
import java.util.Optional;
import org.panamask.data.DataException;
import org.panamask.data.RowIds;
import org.panamask.model.ModelFacts;
import org.panamask.text.SpecialToken;
import org.panamask.text.SpecialTokens;
import org.panamask.text.Tokenizer;

/// The special ids of a run: what the recipe says wins over a mask id in `config.json`, that over the tokenizer's
/// files, those over the table of the model's family, and that over what else `config.json` names.
public final class ModelTokens {
    private ModelTokens() {}

    /// The ids that rows are made with.
    ///
    /// @param settings what the recipe says
    /// @param tokenizer the tokenizer and its files
    /// @param model what they are for
    /// @throws org.panamask.text.TokenizerException if one is not known, naming the key that gives it
    /// @throws DataException if one is outside the model's vocabulary
    public static RowIds resolve(ModelSettings settings, Tokenizer tokenizer, ModelFacts model) {
        int vocabularySize = model.vocabularySize();
        SpecialTokens tokens = tokenizer.specialTokens();
        Map<SpecialToken, Optional<Integer>> given = Map.of(
                SpecialToken.MASK, settings.maskTokenId(),
                SpecialToken.BOS, settings.bosTokenId(),
                SpecialToken.SEP, settings.sepTokenId(),
                SpecialToken.EOS, settings.eosTokenId(),
                SpecialToken.PAD, settings.padTokenId());
        for (Map.Entry<SpecialToken, Optional<Integer>> entry : given.entrySet()) {
            if (entry.getValue().isPresent()) {
                tokens = tokens.with(entry.getKey(), entry.getValue().get());
            }
        }
        Optional<Integer> configured = model.special().mask().filter(id -> id >= 0);
        if (settings.maskTokenText().isPresent()) {
            tokens = tokens.with(SpecialToken.MASK, settings.maskTokenText().get(), tokenizer);
        } else if (settings.maskTokenId().isEmpty() && !settings.addsMaskToken() && configured.isPresent()) {
            tokens = tokens.with(SpecialToken.MASK, configured.get());
        }
        tokens = tokens.orFamily(model.type(), vocabularySize, model.width(), tokenizer)
                .or(SpecialToken.BOS, model.special().begin())
                .or(SpecialToken.EOS, model.special().end().stream().findFirst())
                .or(SpecialToken.PAD, model.special().pad());
        return new RowIds(
                require(tokens, SpecialToken.BOS, vocabularySize),
                require(tokens, SpecialToken.SEP, vocabularySize),
                require(tokens, SpecialToken.EOS, vocabularySize),
                require(tokens, SpecialToken.PAD, vocabularySize),
                require(tokens, SpecialToken.MASK, vocabularySize));
    }

    private static int require(SpecialTokens tokens, SpecialToken token, int vocabularySize) {
        int id = tokens.require(token);
        if (id >= vocabularySize) {
            throw new DataException("model." + token.key() + "_id: must be below the model's vocabulary of "
                    + vocabularySize + ", but got " + id + "; name another token or use a model that has it");
        }
        return id;
    }
}
