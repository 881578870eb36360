package org.panamask.data;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.panamask.config.Key;
import org.panamask.config.Require;
import org.panamask.config.Settings;

/// The rows to learn from.
///
/// @param train the file of training rows
/// @param validation the file of validation rows
/// @param valSize rows kept back from the training file for validation: a count above 1 or a share below 1
/// @param maxTokens tokens of the longest row kept whole
/// @param maxSamples rows read from the training file; 0 reads all
/// @param padAsTarget whether the padding after an answer is learnt too
/// @param workers tokenisation threads; 0 means one for each core
public record DataSettings(
        @Key(doc = "JSONL file of training rows") Path train,

        @Key(doc = "JSONL file of validation rows; not together with val_size")
        Optional<Path> validation,

        @Key(
                value = "0",
                doc = "rows at the end of the training file kept for validation: a count above 1, or a share below 1;"
                        + " 0 keeps none")
        double valSize,

        @Key(value = "1024", doc = "tokens of a row, at least 2; longer rows are cut")
        int maxTokens,

        @Key(value = "0", doc = "rows read from the training file; 0 reads all")
        int maxSamples,

        @Key(value = "true", doc = "learn the padding after an answer too, so that the model learns where to end")
        boolean padAsTarget,

        @Key(value = "0", doc = "tokenisation threads; 0 means one for each core")
        int workers) {

    /// Checks the ranges.
    public DataSettings {
        Require.that(
                valSize == 0 || valSize > 0 && valSize < 1 || valSize > 1 && valSize == Math.rint(valSize),
                "val_size must be 0, a share below 1, or a whole number of rows above 1, not " + valSize);
        Require.that(
                valSize == 0 || validation.isEmpty(),
                "val_size must be 0 when data.validation names a file, not " + valSize);
        Require.atLeast("max_tokens", maxTokens, 2);
        Require.atLeast("max_samples", maxSamples, 0);
        Require.atLeast("workers", workers, 0);
    }

    /// The rows of one file, every other key at its default.
    public static DataSettings of(Path train) {
        return Settings.of(DataSettings.class, Map.of("train", train));
    }

    /// A copy with one key changed, named as in a recipe: `with("max_tokens", 256)`.
    ///
    /// @throws org.panamask.config.SettingException if there is no such key or it does not take `value`
    public DataSettings with(String key, Object value) {
        return Settings.with(this, key, value);
    }

    /// How many of `rows` rows are kept for validation.
    public int validationRows(int rows) {
        return (int) (valSize < 1 ? Math.ceil(valSize * rows) : valSize);
    }
}
