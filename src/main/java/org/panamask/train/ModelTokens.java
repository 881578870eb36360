package org.panamask.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.data.DataException;
import org.panamask.data.RowIds;
import org.panamask.model.ModelFacts;
import org.panamask.text.SpecialToken;
import org.panamask.text.SpecialTokens;
import org.panamask.text.Tokenizer;

/// The special ids of a run: what the recipe says wins over a mask id in `config.json`, that over the tokenizer's
/// files, those over the table of the model's family, and that over what else `config.json` names.
public final class ModelTokens {
    /// The families that were trained as diffusion models and have files that name the ends of texts. They know no
    /// separator: their prompts are laid out by templates, and rows of the objectives that need one take the end
    /// token.
    private static final Set<String> DIFFUSION_FAMILIES = Set.of("llada", "Dream");

    /// Tokens that end a turn of a conversation.
    private static final List<String> TURN_ENDS = List.of("<|eot_id|>", "<|im_end|>");

    private static final String GENERATION = "generation_config.json";

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
        if (DIFFUSION_FAMILIES.contains(model.type())
                && tokens.id(SpecialToken.EOS).isPresent()) {
            tokens = tokens.or(
                    SpecialToken.SEP, Optional.of(tokens.id(SpecialToken.EOS).getAsInt()));
        }
        return new RowIds(
                require(tokens, SpecialToken.BOS, vocabularySize),
                require(tokens, SpecialToken.SEP, vocabularySize),
                require(tokens, SpecialToken.EOS, vocabularySize),
                require(tokens, SpecialToken.PAD, vocabularySize),
                require(tokens, SpecialToken.MASK, vocabularySize));
    }

    /// The tokens that end an answer: the end token of rows, and for LLaDA and Dream all that `config.json` and
    /// `generation_config.json` name and the tokens that end a turn.
    ///
    /// @param folder of the model
    /// @param tokenizer knows the tokens that end a turn
    /// @param model what `config.json` says
    /// @param rows the ids that rows are made with
    /// @throws org.panamask.checkpoint.CheckpointException if `generation_config.json` cannot be read
    public static List<Integer> stops(Path folder, Tokenizer tokenizer, ModelFacts model, RowIds rows) {
        Set<Integer> stops = new LinkedHashSet<>(List.of(rows.eos()));
        if (DIFFUSION_FAMILIES.contains(model.type())) {
            stops.addAll(model.special().end());
            Path generation = folder.resolve(GENERATION);
            if (Files.isRegularFile(generation)) {
                stops.addAll(ModelConfig.read(generation).ints("eos_token_id"));
            }
            TURN_ENDS.forEach(text -> tokenizer.idOf(text).ifPresent(stops::add));
        }
        return stops.stream()
                .filter(id -> id >= 0 && id < model.vocabularySize())
                .toList();
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
