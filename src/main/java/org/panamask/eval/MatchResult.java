package org.panamask.eval;

import java.util.List;

/// What one model generated, how often it was right, and what it cost.
///
/// @param subject the model
/// @param predictions of each row
/// @param warnings what a person should know of the data, a sentence each
/// @param cost of generating
public record MatchResult(Subject subject, List<Prediction> predictions, List<String> warnings, GenerationCost cost)
        implements Measured {
    /// Copies the list.
    public MatchResult {
        predictions = List.copyOf(predictions);
        warnings = List.copyOf(warnings);
    }

    /// Of each row 1 where it was right, else 0; the mean is the accuracy.
    @Override
    public double[] values() {
        return predictions.stream()
                .mapToDouble(prediction -> prediction.isRight() ? 1 : 0)
                .toArray();
    }

    @Override
    public long fingerprint() {
        return Fingerprint.ofTexts(predictions.stream().map(Prediction::label).toList());
    }
}
