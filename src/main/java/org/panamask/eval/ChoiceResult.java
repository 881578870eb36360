package org.panamask.eval;

import java.util.List;

/// How often one model chose right.
///
/// @param subject the model
/// @param questions of each, what the model made of it
/// @param cutChoices choices that did not fit and lost their end
/// @param fingerprint of the questions
/// @param seconds wall-clock time of scoring
public record ChoiceResult(
        Subject subject, List<ChoiceScore> questions, long cutChoices, long fingerprint, double seconds)
        implements Measured {
    /// Copies the list.
    public ChoiceResult {
        questions = List.copyOf(questions);
    }

    /// Of each question 1 where it was right, else 0; the mean is the accuracy.
    @Override
    public double[] values() {
        return questions.stream()
                .mapToDouble(question -> question.isRight() ? 1 : 0)
                .toArray();
    }

    /// The questions for which several choices were equally likely.
    public long ties() {
        return questions.stream().filter(ChoiceScore::isTied).count();
    }

    /// Wall-clock seconds for a question.
    public double secondsPerRow() {
        return seconds / questions.size();
    }
}
