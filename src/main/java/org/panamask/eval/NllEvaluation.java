package org.panamask.eval;

import java.util.List;
import org.panamask.train.LoadedModel;
import org.panamask.train.TrainingData;

/// Measures the likelihood of rows.
///
/// @param data the rows
/// @param settings how they are scored
public record NllEvaluation(EvaluationData data, NllSettings settings) {
    /// Scores every row by `subject`, which has been opened as `loaded`; `progress` hears how far it has come.
    ///
    /// @throws org.panamask.data.DataException if the data are missing, not of their form, or do not fit the model
    public NllResult of(Subject subject, LoadedModel loaded, Progress progress) {
        TrainingData rows = data.read(loaded);
        long start = System.nanoTime();
        List<RowScore> scores = RowScorer.of(loaded, subject.method(), settings).score(rows, progress);
        double seconds = (System.nanoTime() - start) / 1e9;
        return new NllResult(
                subject, scores, rows.warnings(), Fingerprint.of(EvaluationData.rows(rows), scores), seconds);
    }
}
