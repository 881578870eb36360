package org.panamask.eval;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.panamask.config.Require;
import org.panamask.config.Settings;
import org.panamask.data.DataSettings;
import org.panamask.data.Pack;
import org.panamask.data.Row;
import org.panamask.data.SftRows;
import org.panamask.diffusion.DreamObjective;
import org.panamask.diffusion.LladaObjective;
import org.panamask.diffusion.Objective;
import org.panamask.model.Dream;
import org.panamask.model.Gpt2;
import org.panamask.model.Llada;
import org.panamask.model.Llama;
import org.panamask.model.Qwen2;
import org.panamask.train.LoadedModel;
import org.panamask.train.Recipe;
import org.panamask.train.TrainingData;

/// The rows that models are evaluated on.
///
/// @param settings the training rows they name are those; they are read and made as for training. With `pad_as_target`
///     the padding after an answer is scored too; without, an answer is scored up to its end token
/// @param form what a row is
public record EvaluationData(DataSettings settings, Form form) {
    /// What a row is.
    public enum Form {
        /// A prompt, which is given, and an answer, which is scored.
        ANSWERS,
        /// A document by itself, all of it scored.
        DOCUMENTS,
        /// Documents one behind the other, cut into full rows as in training.
        PACKED;

        /// As options and files write it.
        public String written() {
            return EvaluationData.written(this);
        }
    }

    /// Checks that every row stands by itself.
    ///
    /// @throws org.panamask.config.SettingException if rows are packed or some of them kept back
    public EvaluationData {
        Require.that(!settings.packing(), "packing must be false where rows are evaluated, each by itself");
        Require.that(settings.valSize() == 0, "val_size must be 0 where rows are evaluated, all of them");
    }

    static String written(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /// Where the rows come from, for people.
    public String source() {
        return settings.train().map(Path::toString).orElseGet(() -> String.join(", ", settings.dataset()));
    }

    /// Makes the rows as `model` needs them.
    ///
    /// @throws org.panamask.data.DataException if the data are missing, empty or not of their form, or a row does
    ///     not fit the model
    public TrainingData read(LoadedModel model) {
        Objective objective = switch (form) {
            case ANSWERS -> answers(model);
            case DOCUMENTS -> Settings.with(Objective.Ddm.defaults(), "packing", false);
            case PACKED -> Objective.Ddm.defaults();
        };
        Recipe recipe = Recipe.of(model.folder(), model.folder(), model.folder())
                .with("data", settings)
                .with("objective", objective);
        TrainingData read = TrainingData.read(recipe, model.tokenizer(), model.special(), (_, _) -> {});
        // What a batch would fill up must not depend on the batch.
        List<Row> rows = rows(read).stream()
                .map(row -> row.isOpen()
                        ? row.filled(settings.maxTokens(), read.special().pad())
                        : row)
                .toList();
        return fitting(new TrainingData(Pack.single(rows), List.of(), read.special(), read.warnings()), model);
    }

    /// The rows of the family's own fine-tuning.
    private static Objective answers(LoadedModel model) {
        return switch (model.model()) {
            case Llada _ -> LladaObjective.defaults();
            case Dream _ -> DreamObjective.defaults();
            case Gpt2 _, Llama _, Qwen2 _ -> Objective.DdmSft.defaults();
        };
    }

    /// Makes the rows of an answer as the fine-tuning of the family does.
    SftRows maker(LoadedModel model) {
        int most = settings.maxTokens();
        return switch (model.model()) {
            case Llada _, Dream _ ->
                SftRows.withoutSeparator(most, model.special().filledWithEnd(), false);
            case Gpt2 _, Llama _, Qwen2 _ -> SftRows.of(most, model.special(), settings.padAsTarget());
        };
    }

    /// Rows made otherwise, in the form that [RowScorer] takes.
    static TrainingData of(List<Row> rows, LoadedModel model) {
        return fitting(new TrainingData(Pack.single(rows), List.of(), model.special(), List.of()), model);
    }

    private static TrainingData fitting(TrainingData data, LoadedModel model) {
        data.requireFit(model.model().maxPositions(), model.model().facts().vocabularySize());
        return data;
    }

    /// The rows of `data`.
    static List<Row> rows(TrainingData data) {
        return data.training().stream().map(pack -> pack.rows().getFirst()).toList();
    }
}
