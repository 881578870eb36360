package org.panamask.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.Panamask;
import org.panamask.ToyModel;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.DdmSettings;
import org.panamask.sampling.SamplerListener;
import org.panamask.sampling.SamplerSettings;
import org.panamask.text.ChatTemplate;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ChatSessionTest {
    private static final DdmSettings SAMPLING =
            DdmSettings.defaults().with("steps", 3).with("length", 16);
    private static final BlockSettings BLOCKS =
            BlockSettings.defaults().with("max_new_tokens", 3).with("steps", 3);
    private static final String COST =
            "\\[\\d+ tokens of text, \\d+ filled in by \\d forward passes, \\d+\\.\\d\\d s, \\d+\\.\\d tokens of text/s]";

    @TempDir
    private Path folder;

    private Panamask model;
    private SamplerSettings sampling = SAMPLING;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void open() throws IOException {
        model = Panamask.open(ToyModel.write(folder.resolve("model")));
    }

    @AfterEach
    void close() {
        model.close();
    }

    private void chat(Panamask with, boolean terminal, boolean live, String... lines) throws Exception {
        UnmaskingView.Style style = new UnmaskingView.Style(terminal, terminal, new TerminalSize(12, 24));
        ChatScreen screen = new ChatScreen(new PrintWriter(out, true), new PrintWriter(err, true), terminal, style);
        new ChatSession(with, screen, sampling, "", live)
                .run(new BufferedReader(new StringReader(String.join("\n", lines) + "\n")));
    }

    private String answer(String prompt) {
        return model.generate(List.of(prompt), sampling, SamplerListener.NONE)
                .getFirst()
                .text();
    }

    @Test
    void pipedQuestionsGiveAnswersAndNothingElseOnTheOutput() throws Exception {
        chat(model, false, false, "spell a", "", "b");

        assertThat(out.toString()).isEqualTo(answer("spell a") + "\n" + answer("b") + "\n");
        List<String> lines = err.toString().lines().toList();
        assertThat(lines.getFirst())
                .matches("llama, [\\d,]+ parameters; 3 steps; no chat template: each question is asked on its own");
        assertThat(lines.subList(1, 3)).allSatisfy(line -> assertThat(line).matches(COST));
        assertThat(lines).hasSize(3);
    }

    @Test
    void aTerminalIsAskedForQuestions() throws Exception {
        chat(model, true, false, "b", "/exit", "never read");

        assertThat(out.toString()).isEqualTo("> " + answer("b") + "\n> ");
        assertThat(err.toString()).contains("/help lists the commands.\n");
    }

    @Test
    void withATemplateTheConversationIsKeptUntilItIsForgotten() throws Exception {
        sampling = BLOCKS;
        Panamask plain = model.withTemplate(ChatTemplate.EMPTY);
        chat(plain, false, false, "a", "b", "/reset", "b", "/system c", "b", "/system");

        String first = answer("a");
        assertThat(out.toString())
                .isEqualTo(first + "\n" + answer("a" + first + "b") + "\n" + answer("b") + "\n"
                        + answer("cb" + answer("b") + "b") + "\n");
        assertThat(err.toString())
                .contains("; the conversation is laid out by a template\n")
                .contains("The conversation is forgotten.\n")
                .contains("The system text is set.\n")
                .endsWith("There is no system text.\n");
    }

    @Test
    void commandsThatCannotBeAreExplained() throws Exception {
        chat(model, false, false, "/stepps 3", "/steps x", "/steps 0", "/steps 5", "/system s", "b", "/help");

        assertThat(err.toString().lines().skip(1))
                .containsExactly(
                        "There is no command '/stepps'; /help lists them.",
                        "/steps needs a whole number, but got 'x'.",
                        "steps must be at least 1, not 0",
                        "An answer takes 5 steps.",
                        "The system text is set.",
                        "prompt: a conversation or a system text needs a template, but the model has none; name one"
                                + " or ask a single question",
                        "/system TEXT   what stands above the conversation; without TEXT nothing",
                        "/reset         forget the conversation",
                        "/steps N       denoising steps",
                        "/live          watch the unmasking, or no longer",
                        "/exit          leave; so does the end of the input",
                        "Ctrl-C stops an answer; what was asked is then forgotten.");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aConversationThatIsTooLongIsNotLost() throws Exception {
        Panamask plain = model.withTemplate(ChatTemplate.EMPTY);
        chat(plain, false, false, "a", "this is far too long a question", "/reset", "a");

        assertThat(out.toString()).isEqualTo(answer("a") + "\n" + answer("a") + "\n");
        assertThat(err.toString())
                .contains("generate: a canvas of 16 tokens must leave room for an answer, but the prompt takes ")
                .contains("/reset forgets the conversation.\n");
    }

    @Test
    void withoutATerminalTheUnmaskingTakesALineAStep() throws Exception {
        chat(model, false, true, "b");

        List<String> lines = out.toString().lines().toList();
        assertThat(lines.getFirst()).isEqualTo("   0   13 masked | _____________");
        assertThat(lines.get(1)).matches(" {3}1 {4}\\d masked \\| [a-z_ ]+");
        assertThat(lines.getLast()).isEqualTo(answer("b"));
    }

    @Test
    void onATerminalTheUnmaskingIsDrawnInPlaceAndTakenAway() throws Exception {
        chat(model, true, true, "b");

        String masked = "\u001b[2m_____________\u001b[0m";
        assertThat(out.toString())
                .startsWith("> " + String.join("\n", ScreenText.lines(masked, 12)) + "\u001b[1A\r\u001b[J\u001b[0m")
                .contains("\u001b[1;32m")
                .endsWith("\r\u001b[J\u001b[0m" + answer("b") + "\n> ");
    }
}
