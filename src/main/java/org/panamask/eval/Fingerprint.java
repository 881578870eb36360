package org.panamask.eval;

import java.util.List;
import org.panamask.data.ChoiceQuestion;
import org.panamask.data.Row;

/// Numbers that are the same for the same rows, and hardly ever for others.
final class Fingerprint {
    private Fingerprint() {}

    /// Of token ids, of which columns are given, and of how many tokens count.
    static long of(List<Row> rows, List<RowScore> scored) {
        long hash = 1;
        for (Row row : rows) {
            for (int id : row.ids()) {
                hash = 31 * hash + id;
            }
            hash = 31 * hash + row.sourceLength();
        }
        for (RowScore score : scored) {
            hash = 31 * (31 * hash + score.sample()) + score.tokens();
        }
        return hash;
    }

    /// Of questions.
    static long ofQuestions(List<ChoiceQuestion> questions) {
        long hash = 2;
        for (ChoiceQuestion question : questions) {
            hash = 31 * hash + question.hashCode();
        }
        return hash;
    }

    /// Of texts.
    static long ofTexts(List<String> texts) {
        long hash = 3;
        for (String text : texts) {
            hash = 31 * hash + text.hashCode();
        }
        return hash;
    }
}
