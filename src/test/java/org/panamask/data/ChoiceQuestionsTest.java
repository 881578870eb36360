package org.panamask.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ChoiceQuestionsTest {
    @TempDir
    private Path folder;

    private Path file(String lines) throws IOException {
        return Files.writeString(folder.resolve("questions.jsonl"), lines);
    }

    @Test
    void bothFormsAreRead() throws IOException {
        Path file = file("""
                {"prompt": "2 + 2 =", "choices": ["3", "4"], "answer": 1}
                {"prompt": "", "choices": ["yes", "no", "maybe"], "answer": "maybe"}

                {"prefix": "The cup did not fit because ", "options": ["it", "the box"], "suffix": " was small.", \
                "answer": 1}
                """);

        assertThat(ChoiceQuestions.read(file, 9))
                .containsExactly(
                        new ChoiceQuestion("2 + 2 =", List.of("3", "4"), "", 1),
                        new ChoiceQuestion("", List.of("yes", "no", "maybe"), "", 2),
                        new ChoiceQuestion("The cup did not fit because ", List.of("it", "the box"), " was small.", 1));
        assertThat(ChoiceQuestions.read(file, 1)).hasSize(1);
    }

    @Test
    void everyBrokenLineIsNamed() throws IOException {
        String form = "; write {\"prompt\": ..., \"choices\": [..., ...], \"answer\": 0} or {\"prefix\": ...,"
                + " \"options\": [..., ...], \"suffix\": ..., \"answer\": 0}";
        Path file = file("""
                {"choices": ["a", "b"], "answer": 0}
                {"prompt": "x", "choices": ["a"], "answer": 0}
                {"prompt": "x", "choices": ["a", ""], "answer": 0}
                {"prompt": "x", "choices": ["a", 2], "answer": 0}
                {"prompt": "x", "choices": ["a", "b"], "answer": 2}
                {"prompt": "x", "choices": ["a", "b"], "answer": "c"}
                {"prompt": "x", "choices": ["a", "a"], "answer": "a"}
                {"prompt": "x", "choices": ["a", "b"]}
                {"prompt": "x", "choices": ["a", "b"], "answer": 1.5}
                {"prefix": "x", "options": ["a", "b"], "answer": 0}
                """);

        assertThatThrownBy(() -> ChoiceQuestions.read(file, 99))
                .isInstanceOf(DataException.class)
                .hasMessage(String.join(
                        "\n",
                        file + ":1: field 'prompt' is missing" + form,
                        file + ":2: field 'choices' must be a list of at least two texts" + form,
                        file + ":3: field 'choices[1]' must not be empty; write what is to be chosen",
                        file + ":4: field 'choices[1]' must be a text, but is 2; write it in quotes",
                        file + ":5: " + answer("2"),
                        file + ":6: " + answer("\"c\""),
                        file + ":7: " + answer("\"a\""),
                        file + ":8: " + answer("missing"),
                        file + ":9: " + answer("1.5"),
                        file + ":10: field 'suffix' is missing" + form));
    }

    private static String answer(String given) {
        return "field 'answer' must be the text of one of the choices, or its number from 0 to 1, but is " + given
                + "; name one of them";
    }

    @Test
    void aFileWithoutQuestionsIsRefused() throws IOException {
        Path file = file("\n");

        assertThatThrownBy(() -> ChoiceQuestions.read(file, 9))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(file + ": holds no questions; write {\"prompt\": ...");
    }
}
