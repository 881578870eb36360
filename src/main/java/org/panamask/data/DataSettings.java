package org.panamask.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.panamask.config.Key;
import org.panamask.config.Refuses;
import org.panamask.config.Require;
import org.panamask.config.Settings;
import org.panamask.text.ChatTemplate;

/// The rows to learn from: one file, or data sets that a dataset_info.json describes.
///
/// @param train the file of training rows
/// @param dataset the names of data sets
/// @param datasetDir the folder of dataset_info.json
/// @param template how a conversation becomes a prompt
/// @param validation the file of validation rows
/// @param evalDataset the names of data sets of validation rows
/// @param valSize rows kept back from the training rows for validation: a count above 1 or a share below 1
/// @param valSplit which rows those are
/// @param maxTokens tokens of the longest row kept whole
/// @param maxSamples rows read from the training file or from each data set; 0 reads all
/// @param truncation how prompt and target share a row that is too short for them
/// @param packing whether short rows share a row of the batch
/// @param padAsTarget whether the padding after an answer is learnt too
/// @param workers tokenisation threads; 0 means one for each core
@Refuses({
    @Refuses.Entry(key = "cutoff_len", why = "it is called max_tokens here"),
    @Refuses.Entry(key = "preprocessing_num_workers", why = "it is called workers here"),
    @Refuses.Entry(
            key = "dataloader_num_workers",
            why = "batches are cut from rows in memory, which needs no workers; leave it out"),
    @Refuses.Entry(key = "streaming", why = "rows are read and kept in memory; leave it out"),
    @Refuses.Entry(key = "tokenized_path", why = "rows are tokenised anew for each run; leave it out"),
    @Refuses.Entry(key = "overwrite_cache", why = "there is no cache of tokenised rows; leave it out"),
    @Refuses.Entry(key = "mix_strategy", why = "data sets are always read one behind the other; leave it out")
})
public record DataSettings(
        @Key(doc = "file of training rows: JSONL, .json, .csv, or .txt for documents; this or dataset")
        Optional<Path> train,

        @Key(value = "[]", doc = "names of data sets in dataset_dir's dataset_info.json, read one behind the other")
        List<String> dataset,

        @Key(value = "data", doc = "folder of dataset_info.json and the files it names")
        Path datasetDir,

        @Key(
                doc = "how a conversation of several turns becomes one prompt; without it rows of several turns are"
                        + " refused")
        Optional<ChatTemplate> template,

        @Key(doc = "file of validation rows; not together with eval_dataset or val_size")
        Optional<Path> validation,

        @Key(value = "[]", doc = "names of data sets of validation rows; not together with val_size")
        List<String> evalDataset,

        @Key(value = "0", doc = "training rows kept for validation: a count above 1, or a share below 1; 0 keeps none")
        double valSize,

        @Key(value = "tail", doc = "which rows val_size keeps: the last ones (tail) or random ones (shuffle)")
        ValSplit valSplit,

        @Key(value = "1024", doc = "tokens of a row, at least 2; longer rows are cut")
        int maxTokens,

        @Key(value = "0", doc = "rows read from the training file or from each data set; 0 reads all")
        int maxSamples,

        @Key(
                value = "target_first",
                doc = "what of a row that is too long is kept: the target, and of the prompt what still fits"
                        + " (target_first), or of both in proportion (balanced)")
        Truncation truncation,

        @Key(
                value = "false",
                doc = "put short rows behind each other into rows of max_tokens, where they do not see each other;"
                        + " needs pad_as_target: false")
        boolean packing,

        @Key(value = "true", doc = "learn the padding after an answer too, so that the model learns where to end")
        boolean padAsTarget,

        @Key(value = "0", doc = "tokenisation threads; 0 means one for each core")
        int workers) {

    /// Checks the ranges.
    public DataSettings {
        dataset = List.copyOf(dataset);
        evalDataset = List.copyOf(evalDataset);
        Require.that(
                valSize == 0 || valSize > 0 && valSize < 1 || valSize > 1 && valSize == Math.rint(valSize),
                "val_size must be 0, a share below 1, or a whole number of rows above 1, not " + valSize);
        Require.that(
                valSize == 0 || validation.isEmpty(),
                "val_size must be 0 when data.validation names a file, not " + valSize);
        Require.that(
                valSize == 0 || evalDataset.isEmpty(),
                "val_size must be 0 when data.eval_dataset names data sets, not " + valSize);
        Require.that(
                validation.isEmpty() || evalDataset.isEmpty(),
                "eval_dataset must be left out when data.validation names a file; keep one of the two");
        Require.atLeast("max_tokens", maxTokens, 2);
        Require.atLeast("max_samples", maxSamples, 0);
        Require.atLeast("workers", workers, 0);
        Require.that(
                !packing || !padAsTarget,
                "packing must be false unless data.pad_as_target is false, because rows filled with padding leave no"
                        + " room");
        Require.that(
                train.isEmpty() || dataset.isEmpty(),
                "dataset must be left out when data.train names a file; keep one of the two");
        Require.that(
                train.isPresent() || !dataset.isEmpty(),
                "train must name a file of rows, or data.dataset data sets, but both are left out");
    }

    /// The rows of one file, every other key at its default.
    public static DataSettings of(Path train) {
        return Settings.of(DataSettings.class, Map.of("train", train));
    }

    /// The data sets `names` of the dataset_info.json in `folder`, every other key at its default.
    public static DataSettings of(Path folder, List<String> names) {
        DataSettings defaults = of(folder);
        return new DataSettings(
                Optional.empty(),
                names,
                folder,
                defaults.template,
                defaults.validation,
                defaults.evalDataset,
                defaults.valSize,
                defaults.valSplit,
                defaults.maxTokens,
                defaults.maxSamples,
                defaults.truncation,
                defaults.packing,
                defaults.padAsTarget,
                defaults.workers);
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
