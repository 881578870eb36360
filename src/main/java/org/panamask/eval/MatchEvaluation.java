package org.panamask.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.panamask.config.Require;
import org.panamask.data.Row;
import org.panamask.text.Tokenizer;
import org.panamask.train.LoadedModel;
import org.panamask.train.TrainingData;

/// Lets models answer prompts and compares their answers with those of the data.
///
/// @param data prompts and answers; every row is a canvas of its most tokens
/// @param settings how answers are generated
public record MatchEvaluation(EvaluationData data, GenerationSettings settings) {
    /// Has answers fill their whole canvas.
    ///
    /// @throws org.panamask.config.SettingException if the rows are not prompts and answers
    public MatchEvaluation {
        Require.that(
                data.form() == EvaluationData.Form.ANSWERS,
                "form must be answers where answers are compared, not "
                        + data.form().written());
        data = new EvaluationData(data.settings().with("pad_as_target", true), data.form());
    }

    /// Lets `subject`, which has been opened as `loaded`, answer; `progress` hears how far it has come.
    ///
    /// @throws org.panamask.data.DataException if the data are missing, not of their form, or do not fit the model
    public MatchResult of(Subject subject, LoadedModel loaded, Progress progress) {
        TrainingData rows = data.read(loaded);
        List<Row> given = EvaluationData.rows(rows);
        Generator.Completed completed =
                new Generator(loaded, subject.method(), settings).complete(given, Generator.Output.ANSWER, progress);
        List<Prediction> predictions = new ArrayList<>();
        for (int n = 0; n < given.size(); n++) {
            predictions.add(prediction(given.get(n), completed.rows().get(n), loaded.tokenizer()));
        }
        return new MatchResult(subject, predictions, rows.warnings(), completed.cost());
    }

    private static Prediction prediction(Row row, int[] completed, Tokenizer tokenizer) {
        int given = row.sourceLength();
        String answer = tokenizer.decode(Arrays.copyOfRange(completed, given, completed.length), true);
        String reference = tokenizer.decode(Arrays.copyOfRange(row.ids(), given, row.contentLength()), true);
        return new Prediction(
                tokenizer.decode(completed, true),
                tokenizer.decode(Arrays.copyOf(row.ids(), row.contentLength()), true),
                ExactMatch.matches(answer, reference));
    }
}
