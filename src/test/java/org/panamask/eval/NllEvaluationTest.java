package org.panamask.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.ToyModel;
import org.panamask.backend.Precision;
import org.panamask.config.SettingException;
import org.panamask.data.Row;
import org.panamask.diffusion.Canvas;
import org.panamask.tensor.AttentionMask;

final class NllEvaluationTest {
    private static final NllSettings SETTINGS = new NllSettings(4, 42, 16);

    @TempDir
    private Path folder;

    private Toy toy;

    @BeforeEach
    void open() throws IOException {
        toy = Toy.open(folder);
    }

    @AfterEach
    void close() {
        toy.close();
    }

    private NllResult run(Path rows, EvaluationData.Form form, NllSettings settings, Method method) {
        EvaluationData data = Toy.data(rows, form, 20);
        return new NllEvaluation(data, settings).of(toy.subject(method), toy.loaded(), Progress.NONE);
    }

    private NllResult answers(NllSettings settings, Method method) throws IOException {
        return run(ToyModel.writeRows(folder.resolve("rows.jsonl"), 9), EvaluationData.Form.ANSWERS, settings, method);
    }

    @Test
    void theLikelihoodOfANextTokenModelIsExact() throws IOException {
        NllResult result = answers(SETTINGS, new Method.Autoregressive());

        assertThat(result.isBound()).isFalse();
        assertThat(result.rows()).hasSize(9).allMatch(row -> row.tokens() == 4);
        List<Row> rows = Toy.data(folder.resolve("rows.jsonl"), EvaluationData.Form.ANSWERS, 20)
                .read(toy.loaded())
                .training()
                .stream()
                .map(pack -> pack.rows().getFirst())
                .toList();
        for (int n = 0; n < rows.size(); n++) {
            assertThat(result.rows().get(n).nll()).isCloseTo(byHand(rows.get(n)), within(1e-5));
        }
        assertThat(result.perplexity()).isCloseTo(Math.exp(result.mean().value()), within(1e-12));
        assertThat(result.tokens()).isEqualTo(36);
    }

    /// The mean over the answer of `-log softmax(logits of the column before)`.
    private double byHand(Row row) {
        Canvas canvas = Canvas.of(1, row.length(), row.ids()).withMask(new AttentionMask.Causal());
        double[] logits = toy.backend()
                .run(
                        "test",
                        Precision.F32,
                        ops -> ops.doubles(ops.logits(
                                toy.loaded().model().hidden(ops, canvas),
                                toy.loaded().model().head())));
        int width = toy.loaded().model().vocabularySize();
        double sum = 0;
        for (int i = row.sourceLength(); i < row.contentLength(); i++) {
            double total = 0;
            for (int v = 0; v < width; v++) {
                total += Math.exp(logits[(i - 1) * width + v]);
            }
            sum += Math.log(total) - logits[(i - 1) * width + row.ids()[i]];
        }
        return sum / (row.contentLength() - row.sourceLength());
    }

    @Test
    void neitherBatchNorOrderChangesABit() throws IOException {
        for (Method method :
                List.of(new Method.Diffusion(true), new Method.Diffusion(false), new Method.Autoregressive())) {
            NllResult alone = answers(new NllSettings(4, 42, 1), method);

            assertThat(answers(new NllSettings(4, 42, 4), method).rows()).isEqualTo(alone.rows());
            assertThat(alone.rows()).extracting(RowScore::sample).isSorted();
            assertThat(alone.mean().standardError()).isPositive();
        }
    }

    @Test
    void theSeedDrawsTheMasks() throws IOException {
        Method method = new Method.Diffusion(true);
        NllResult result = answers(SETTINGS, method);

        assertThat(answers(SETTINGS, method).rows()).isEqualTo(result.rows());
        assertThat(answers(new NllSettings(4, 43, 16), method).rows()).isNotEqualTo(result.rows());
    }

    @Test
    void anEmptyAnswerIsScoredByItsEndAndALongOneByWhatIsLeftOfIt() throws IOException {
        Path rows = toy.file("""
                {"instruction": "say nothing", "output": ""}
                {"instruction": "say much", "output": "abcdefghijklmnopqrstuvwxyz"}
                """);

        for (Method method : List.of(new Method.Diffusion(true), new Method.Autoregressive())) {
            assertThat(run(rows, EvaluationData.Form.ANSWERS, SETTINGS, method).rows())
                    .extracting(RowScore::tokens)
                    .containsExactly(1, 18);
        }
    }

    @Test
    void documentsAreScoredWholeAndThoseWithNothingToScoreAreLeftOut() throws IOException {
        Path rows = toy.file("""
                {"text": "abc"}
                {"text": ""}
                {"text": "abcdefghijklmnopqrstuvwxyz"}
                """);

        NllResult shifted = run(rows, EvaluationData.Form.DOCUMENTS, SETTINGS, new Method.Diffusion(true));
        assertThat(shifted.leftOut()).isEqualTo(1);
        assertThat(shifted.rows())
                .extracting(RowScore::sample, RowScore::tokens)
                .containsExactly(tuple(0, 3), tuple(2, 19));
        NllResult unshifted = run(rows, EvaluationData.Form.DOCUMENTS, SETTINGS, new Method.Diffusion(false));
        assertThat(unshifted.rows()).extracting(RowScore::tokens).containsExactly(4, 1, 20);
        NllResult causal = run(rows, EvaluationData.Form.DOCUMENTS, SETTINGS, new Method.Autoregressive());
        assertThat(PairedDifference.between(shifted, causal)).isPresent();
        assertThat(PairedDifference.between(shifted, unshifted)).isEmpty();
    }

    private static Tuple tuple(long sample, int tokens) {
        return Assertions.tuple(sample, tokens);
    }

    @Test
    void progressEndsAtTheLastRow() throws IOException {
        Path rows = ToyModel.writeRows(folder.resolve("rows.jsonl"), 5);
        List<Double> heard = new ArrayList<>();
        new NllEvaluation(Toy.data(rows, EvaluationData.Form.ANSWERS, 20), new NllSettings(2, 1, 2))
                .of(toy.subject(new Method.Diffusion(true)), toy.loaded(), (done, total) -> {
                    assertThat(total).isEqualTo(5);
                    heard.add(done);
                });

        assertThat(heard).containsExactly(1.0, 2.0, 3.0, 4.0, 4.5, 5.0);
    }

    @Test
    void settingsKnowTheirRange() {
        assertThatThrownBy(() -> new NllSettings(0, 1, 1))
                .isInstanceOf(SettingException.class)
                .hasMessage("steps must be at least 1, not 0");
        assertThatThrownBy(() -> new NllSettings(1, 1, 0)).hasMessage("batch must be at least 1, not 0");
    }
}
