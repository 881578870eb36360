package org.panamask.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.panamask.config.Require;
import org.panamask.data.ChoiceQuestion;
import org.panamask.data.ChoiceQuestions;
import org.panamask.data.DataException;
import org.panamask.data.Row;
import org.panamask.text.Tokenizer;
import org.panamask.train.LoadedModel;
import org.panamask.train.TrainingData;

/// Lets models choose: of the choices of a question the one of the lowest negative log-likelihood for a token.
///
/// @param data the questions
/// @param settings how choices are scored
/// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA, evaluation/eval-diffullama.py,
///     eval_hellaswag and eval_wino</a>
public record ChoiceEvaluation(EvaluationData data, NllSettings settings) {
    /// Checks the form.
    ///
    /// @throws org.panamask.config.SettingException if rows are to be packed, or the questions are not in a file
    public ChoiceEvaluation {
        Require.that(data.settings().train().isPresent(), "train must name a file of questions, but names none");
        Require.that(
                data.form() != EvaluationData.Form.PACKED,
                "form must be answers or documents where choices are scored, not packed");
    }

    private record Choices(List<Row> rows, long cut) {}

    /// Lets `subject`, which has been opened as `loaded`, choose; `progress` hears how far it has come.
    ///
    /// The choices of a question see the same noise.
    ///
    /// @throws DataException if the data are missing, not of their form, or do not fit the model
    public ChoiceResult of(Subject subject, LoadedModel loaded, Progress progress) {
        int most = data.settings().maxSamples();
        List<ChoiceQuestion> questions =
                ChoiceQuestions.read(data.settings().train().orElseThrow(), most > 0 ? most : Long.MAX_VALUE);
        Choices choices = choices(questions, loaded);
        TrainingData rows = EvaluationData.of(choices.rows, loaded);
        long start = System.nanoTime();
        List<RowScore> scores = RowScorer.of(loaded, subject.method(), settings).score(rows, progress);
        double seconds = (System.nanoTime() - start) / 1e9;
        List<ChoiceScore> chosen = new ArrayList<>();
        int next = 0;
        for (ChoiceQuestion question : questions) {
            int end = next + question.options().size();
            chosen.add(new ChoiceScore(
                    scores.subList(next, end).stream().map(RowScore::nll).toList(), question.answer()));
            next = end;
        }
        return new ChoiceResult(subject, chosen, choices.cut, Fingerprint.ofQuestions(questions), seconds);
    }

    private Choices choices(List<ChoiceQuestion> questions, LoadedModel loaded) {
        Tokenizer tokenizer = loaded.tokenizer();
        List<Row> rows = new ArrayList<>();
        long cut = 0;
        for (int number = 0; number < questions.size(); number++) {
            ChoiceQuestion question = questions.get(number);
            int[] prompt = tokenizer.encode(question.prompt());
            int[] suffix = tokenizer.encode(question.suffix());
            for (String option : question.options()) {
                int[] target = joined(tokenizer.encode(option), suffix);
                if (target.length == 0) {
                    throw new DataException(data.source() + ": a choice must have a token, but '" + option
                            + "' of question " + (number + 1) + " has none; write another");
                }
                Row row = row(prompt, target, number, loaded);
                int frame = data.form() == EvaluationData.Form.ANSWERS ? 1 : 0;
                cut += row.contentLength() - row.sourceLength() - frame < target.length ? 1 : 0;
                rows.add(row);
            }
        }
        return new Choices(rows, cut);
    }

    /// `[bos] prompt [sep] choice [eos]`, or as the family's fine-tuning makes it, or `[bos] prompt choice` for a
    /// model of plain text.
    private Row row(int[] prompt, int[] target, int number, LoadedModel loaded) {
        return switch (data.form()) {
            case ANSWERS -> data.maker(loaded).row(prompt, target, number);
            case DOCUMENTS, PACKED ->
                plain(prompt, target, number, loaded.special().bos());
        };
    }

    private Row plain(int[] prompt, int[] target, int number, int bos) {
        int targetLength = Math.min(target.length, data.settings().maxTokens() - 1);
        int promptLength = Math.min(prompt.length, data.settings().maxTokens() - 1 - targetLength);
        int[] ids = new int[1 + promptLength + targetLength];
        ids[0] = bos;
        System.arraycopy(prompt, prompt.length - promptLength, ids, 1, promptLength);
        System.arraycopy(target, 0, ids, 1 + promptLength, targetLength);
        return Row.of(ids, 1 + promptLength, ids.length, number);
    }

    private static int[] joined(int[] first, int[] second) {
        return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
    }
}
