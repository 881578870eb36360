package org.panamask.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.checkpoint.WeightSource;
import org.panamask.model.Architecture;
import org.panamask.model.Growth;
import org.panamask.model.Models;
import org.panamask.nn.LoraSettings;
import org.panamask.text.SpecialToken;
import org.panamask.text.Tokenizer;
import org.panamask.text.TokenizerChanges;

/// The mask token that a run adds: to the tokenizer, to the model's tables, and to what an adapter keeps whole.
public final class TokenGrowth {
    private static final String MASK = "<|mask|>";
    private static final String WEIGHT = ".weight";

    private TokenGrowth() {}

    /// The tokenizer of `settings`, with the new token where one is asked for.
    static Tokenizer tokenizer(ModelSettings settings) {
        Path source = settings.tokenizer()
                .or(() -> settings.adapter().reversed().stream()
                        .filter(folder -> Files.exists(folder.resolve("tokenizer.json")))
                        .findFirst())
                .orElse(settings.path());
        return Tokenizer.open(
                source,
                new TokenizerChanges(
                        settings.addsMaskToken() ? Optional.of(MASK) : Optional.empty(), settings.splitDigits()));
    }

    /// The rows that the model's tables need for the new token, or for what the adapter keeps of them. Where the
    /// table is too small it grows to an even number of rows.
    static Growth of(ModelSettings settings, Tokenizer tokenizer, long seed) {
        Architecture config = Models.config(HubFolder.config(settings.path()));
        if (settings.addsMaskToken()) {
            int tokens = tokenizer.vocabularySize();
            int rows = tokens > config.facts().vocabularySize() ? tokens + tokens % 2 : 0;
            return new Growth(rows, Optional.of(tokenizer.specialTokens().require(SpecialToken.MASK)), seed);
        }
        return ofAdapters(settings, config, seed);
    }

    /// The settings of the model as a run loads it.
    ///
    /// @throws org.panamask.model.ModelException if its family is not known
    /// @throws org.panamask.checkpoint.CheckpointException if a file is missing or wrong
    /// @throws org.panamask.text.TokenizerException if a token is added and the tokenizer is missing or wrong
    public static Architecture architecture(ModelSettings settings) {
        Architecture stored = Models.config(HubFolder.config(settings.path()));
        if (settings.addsMaskToken()) {
            try (Tokenizer tokenizer = tokenizer(settings)) {
                return of(settings, tokenizer, 0).of(stored);
            }
        }
        return ofAdapters(settings, stored, 0).of(stored);
    }

    private static Growth ofAdapters(ModelSettings settings, Architecture config, long seed) {
        return settings.adapter().reversed().stream()
                .map(folder -> rows(folder, config))
                .filter(rows -> rows > 0)
                .findFirst()
                .map(rows -> new Growth(rows, Optional.empty(), seed))
                .orElseGet(Growth::none);
    }

    private static int rows(Path adapter, Architecture config) {
        try (PeftAdapter file = PeftAdapter.open(adapter, config.naming())) {
            return Optional.ofNullable(file.saved().get(config.embeddingName()))
                    .map(WeightSource::shape)
                    .map(shape -> Math.toIntExact(shape.extent(0)))
                    .orElse(0);
        }
    }

    /// The settings of a new adapter to a model of `grown`: where that has more rows than its files, embedding and
    /// head are trained whole, since nothing else keeps the new rows.
    public static LoraSettings withTables(LoraSettings lora, Architecture grown, Path folder) {
        Architecture stored = Models.config(HubFolder.config(folder));
        if (grown.facts().vocabularySize() == stored.facts().vocabularySize()) {
            return lora;
        }
        List<String> whole = new ArrayList<>(lora.modulesToSave());
        for (String table : List.of(grown.embeddingName(), grown.headName())) {
            String path = table.substring(0, table.length() - WEIGHT.length());
            String module = grown.moduleName(table);
            if (!whole.contains(module) && !whole.contains(path)) {
                whole.add(module);
            }
        }
        return lora.with("modules_to_save", whole);
    }
}
