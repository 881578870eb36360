package org.panamask.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.ToyModel;
import org.panamask.config.SettingException;
import org.panamask.data.DataException;
import org.panamask.sampling.DdmSettings;

final class MatchEvaluationTest {
    private static final DdmSettings SAMPLER = DdmSettings.defaults().with("steps", 4);

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

    private MatchResult run(Path rows, DdmSettings sampler, int batch, Method method) {
        EvaluationData data = Toy.data(rows, EvaluationData.Form.ANSWERS, 20);
        return new MatchEvaluation(data, new GenerationSettings(sampler, batch))
                .of(toy.subject(method), toy.loaded(), Progress.NONE);
    }

    private MatchResult run(DdmSettings sampler, int batch, Method method) throws IOException {
        return run(ToyModel.writeRows(folder.resolve("rows.jsonl"), 5), sampler, batch, method);
    }

    @Test
    void predictionsAreWholeRowsAsText() throws IOException {
        MatchResult result = run(SAMPLER, 2, new Method.Diffusion(true));

        assertThat(result.predictions()).extracting(Prediction::label).startsWith("spell aa a", "spell bb b");
        assertThat(result.predictions())
                .allSatisfy(prediction -> assertThat(prediction.predict()).startsWith("spell "));
        assertThat(result.mean().count()).isEqualTo(5);
    }

    @Test
    void neitherBatchNorCompanyChangesAnAnswer() throws IOException {
        DdmSettings drawn = SAMPLER.with("choice", DdmSettings.Choice.SAMPLE).with("order", DdmSettings.Order.RANDOM);
        for (DdmSettings sampler : List.of(SAMPLER, drawn)) {
            for (Method method : List.of(new Method.Diffusion(true), new Method.Autoregressive())) {
                assertThat(run(sampler, 5, method).predictions())
                        .isEqualTo(run(sampler, 1, method).predictions());
            }
        }
    }

    @Test
    void onlyGeneratedTokensCount() throws IOException {
        for (Method method : List.of(new Method.Diffusion(true), new Method.Autoregressive())) {
            MatchResult result = run(SAMPLER, 2, method);
            GenerationCost cost = result.cost();

            long letters = result.predictions().stream()
                    .mapToLong(prediction -> prediction.predict().length() - "spell a".length())
                    .sum();
            assertThat(cost.rows()).isEqualTo(5);
            assertThat(cost.tokens()).isBetween(letters, letters + 5);
            assertThat(cost.tokensPerForward())
                    .isEqualTo((double) cost.tokens() / cost.rowForwards())
                    .isPositive();
            assertThat(cost.forwardsPerRow()).isEqualTo(cost.rowForwards() / 5.0);
            assertThat(cost.forwards()).isLessThan(cost.rowForwards());
            assertThat(cost.secondsPerRow()).isPositive();
        }
    }

    @Test
    void anEmptyAnswerCanBeRightAndACutOneIsComparedWithWhatIsLeft() throws IOException {
        Path rows = toy.file("""
                {"instruction": "say nothing", "output": ""}
                {"instruction": "say much", "output": "abcdefghijklmnopqrstuvwxyz"}
                """);

        MatchResult result = run(rows, SAMPLER, 2, new Method.Autoregressive());

        assertThat(result.predictions())
                .extracting(Prediction::label)
                .containsExactly("say nothing", "abcdefghijklmnopq");
        assertThat(result.warnings())
                .first()
                .isEqualTo("1 of 2 targets do not fit and lose their end; raise data.max_tokens to keep them whole");
        assertThat(ExactMatch.matches("", "")).isTrue();
    }

    @Test
    void theFileHoldsOneObjectALine() throws IOException {
        Path file = PredictionsFile.write(
                folder.resolve("new/run"),
                List.of(new Prediction("a \"b\"\n\u00e9\u4e2d", "#### 1", true), new Prediction("", "\t\\", false)));

        assertThat(file).hasFileName("generated_predictions.jsonl").content().isEqualTo("""
                {"predict": "a \\"b\\"\\n\u00e9\u4e2d", "label": "#### 1"}
                {"predict": "", "label": "\\t\\\\"}
                """);
        assertThat(Files.list(file.resolveSibling(""))).hasSize(1);
    }

    @Test
    void textsWithoutAPromptFollowTheBeginToken() {
        DdmSettings drawn = SAMPLER.with("choice", DdmSettings.Choice.SAMPLE);
        Compositions compositions = new Compositions(3, 16, new GenerationSettings(drawn, 2));

        for (Method method : List.of(new Method.Diffusion(true), new Method.Diffusion(false))) {
            MatchResult result = compositions.of(toy.subject(method), toy.loaded(), Progress.NONE);
            assertThat(result.predictions())
                    .hasSize(3)
                    .doesNotHaveDuplicates()
                    .allSatisfy(text -> assertThat(text.label()).isEmpty());
            assertThat(result.cost().tokens()).isBetween(3L, 45L);
            assertThat(compositions
                            .of(toy.subject(method), toy.loaded(), Progress.NONE)
                            .predictions())
                    .isEqualTo(result.predictions());
        }
    }

    @Test
    void whatCannotBeGeneratedIsRefused() {
        GenerationSettings settings = new GenerationSettings(SAMPLER, 1);
        assertThatThrownBy(() -> new MatchEvaluation(Toy.data(folder, EvaluationData.Form.DOCUMENTS, 8), settings))
                .isInstanceOf(SettingException.class)
                .hasMessage("form must be answers where answers are compared, not documents");
        assertThatThrownBy(() -> new Compositions(0, 8, settings)).hasMessage("rows must be at least 1, not 0");
        assertThatThrownBy(() -> new Compositions(1, 64, settings)
                        .of(toy.subject(new Method.Diffusion(true)), toy.loaded(), Progress.NONE))
                .isInstanceOf(DataException.class)
                .hasMessage(
                        "max_tokens: the model has positions for 48 tokens, but the canvas has 64; lower max_tokens");
        assertThatThrownBy(() -> new GenerationSettings(SAMPLER, 0)).hasMessage("batch must be at least 1, not 0");
    }
}
