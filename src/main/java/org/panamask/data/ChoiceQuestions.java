package org.panamask.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Reads multiple choice questions: rows with `prompt`, `choices` and `answer`, or, for a gap inside a
/// sentence, with `prefix`, `options`, `suffix` and `answer`.
public final class ChoiceQuestions {
    private static final String FORM = "write {\"prompt\": ..., \"choices\": [..., ...], \"answer\": 0} or {\"prefix\":"
            + " ..., \"options\": [..., ...], \"suffix\": ..., \"answer\": 0}";

    private ChoiceQuestions() {}

    /// Reads the first `most` questions of `file`. The answer is the number of a choice, from 0, or its text.
    ///
    /// @throws DataException if the file is missing or empty, or with the first 20 lines that are not questions
    public static List<ChoiceQuestion> read(Path file, long most) {
        List<ChoiceQuestion> questions = RowFile.read(file, most, (row, _) -> question(row));
        if (questions.isEmpty()) {
            throw new DataException(file + ": holds no questions; " + FORM + " on each line");
        }
        return questions;
    }

    private static ChoiceQuestion question(ObjectNode row) throws RowException {
        boolean gap = row.has("options");
        String list = gap ? "options" : "choices";
        String prompt = Fields.required(row, gap ? "prefix" : "prompt", FORM);
        List<String> options = options(row, list);
        String suffix = gap ? Fields.required(row, "suffix", FORM) : "";
        return new ChoiceQuestion(prompt, options, suffix, answer(row, list, options));
    }

    private static List<String> options(ObjectNode row, String list) throws RowException {
        JsonNode node = row.path(list);
        if (!node.isArray() || node.size() < 2) {
            throw new RowException("field '" + list + "' must be a list of at least two texts; " + FORM);
        }
        List<String> options = new ArrayList<>();
        for (int n = 0; n < node.size(); n++) {
            String option = Fields.text(node.get(n), "field '" + list + "[" + n + "]'");
            if (option.isEmpty()) {
                throw new RowException("field '" + list + "[" + n + "]' must not be empty; write what is to be chosen");
            }
            options.add(option);
        }
        return options;
    }

    private static int answer(ObjectNode row, String list, List<String> options) throws RowException {
        JsonNode node = row.path("answer");
        int answer = -1;
        if (node.isString() && options.indexOf(node.stringValue()) == options.lastIndexOf(node.stringValue())) {
            answer = options.indexOf(node.stringValue());
        } else if (node.canConvertToInt() && node.isIntegralNumber()) {
            answer = node.intValue();
        }
        if (answer < 0 || answer >= options.size()) {
            throw new RowException("field 'answer' must be the text of one of the " + list
                    + ", or its number from 0 to "
                    + (options.size() - 1) + ", but is " + (node.isMissingNode() ? "missing" : Fields.shortened(node))
                    + "; name one of them");
        }
        return answer;
    }
}
