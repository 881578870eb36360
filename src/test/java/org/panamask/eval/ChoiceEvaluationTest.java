package org.panamask.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.config.SettingException;
import org.panamask.data.DataException;

final class ChoiceEvaluationTest {
    private static final String QUESTIONS = """
            {"prompt": "spell a", "choices": ["a", "bcd", "efghij"], "answer": 0}
            {"prefix": "the ", "options": ["cat", "dog"], "suffix": " sat", "answer": 1}
            {"prompt": "which", "choices": ["same", "same"], "answer": 1}
            """;

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

    private ChoiceResult run(EvaluationData.Form form, int maxTokens, NllSettings settings, Method method)
            throws IOException {
        EvaluationData data = Toy.data(toy.file(QUESTIONS), form, maxTokens);
        return new ChoiceEvaluation(data, settings).of(toy.subject(method), toy.loaded(), Progress.NONE);
    }

    @Test
    void theLikeliestChoiceIsTakenAndTiesAreCounted() throws IOException {
        for (Method method : List.of(new Method.Diffusion(true), new Method.Autoregressive())) {
            for (EvaluationData.Form form : List.of(EvaluationData.Form.ANSWERS, EvaluationData.Form.DOCUMENTS)) {
                ChoiceResult result = run(form, 24, new NllSettings(4, 42, 3), method);

                assertThat(result.questions()).extracting(ChoiceScore::answer).containsExactly(0, 1, 1);
                ChoiceScore first = result.questions().getFirst();
                assertThat(first.nll()).hasSize(3).doesNotHaveDuplicates();
                assertThat(first.nll().get(first.chosen()))
                        .isEqualTo(first.nll().stream().min(Double::compare).orElseThrow());
                ChoiceScore tied = result.questions().getLast();
                assertThat(tied.isTied()).isTrue();
                assertThat(tied.chosen()).isZero();
                assertThat(tied.isRight()).isFalse();
                assertThat(result.ties()).isEqualTo(1);
                assertThat(result.values()).hasSize(3).containsOnly(0, 1);
                assertThat(result.cutChoices()).isZero();
            }
        }
    }

    @Test
    void theBatchDoesNotChangeAChoice() throws IOException {
        Method method = new Method.Diffusion(true);
        ChoiceResult alone = run(EvaluationData.Form.ANSWERS, 24, new NllSettings(4, 42, 1), method);

        assertThat(run(EvaluationData.Form.ANSWERS, 24, new NllSettings(4, 42, 16), method)
                        .questions())
                .isEqualTo(alone.questions());
    }

    @Test
    void choicesThatDoNotFitAreCounted() throws IOException {
        Method method = new Method.Diffusion(true);

        assertThat(run(EvaluationData.Form.ANSWERS, 8, new NllSettings(2, 1, 8), method)
                        .cutChoices())
                .isEqualTo(3);
        assertThat(run(EvaluationData.Form.DOCUMENTS, 7, new NllSettings(2, 1, 8), method)
                        .cutChoices())
                .isEqualTo(2);
    }

    @Test
    void packedRowsAndEmptyFilesAreRefused() throws IOException {
        Path file = toy.file("");

        assertThatThrownBy(
                        () -> run(EvaluationData.Form.PACKED, 8, new NllSettings(2, 1, 8), new Method.Diffusion(true)))
                .isInstanceOf(SettingException.class)
                .hasMessage("form must be answers or documents where choices are scored, not packed");
        EvaluationData data = Toy.data(toy.file(""), EvaluationData.Form.ANSWERS, 8);
        assertThatThrownBy(() -> new ChoiceEvaluation(data, new NllSettings(2, 1, 8))
                        .of(toy.subject(new Method.Diffusion(true)), toy.loaded(), Progress.NONE))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(file + ": holds no questions");
    }
}
