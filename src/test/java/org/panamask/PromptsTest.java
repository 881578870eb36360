package org.panamask;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.data.RowIds;
import org.panamask.sampling.BlockSettings;
import org.panamask.sampling.DdmSettings;
import org.panamask.text.ChatTemplate;
import org.panamask.text.Message;
import org.panamask.text.ModelTemplate;
import org.panamask.text.PromptTemplate;
import org.panamask.text.Tokenizer;

class PromptsTest {
    private static final RowIds SPECIAL = new RowIds(0, 1, 2, 3, 4);

    @TempDir
    private Path folder;

    private Tokenizer tokenizer;

    @BeforeEach
    void openTheTokenizer() throws IOException {
        tokenizer = Tokenizer.open(ToyModel.writeSettings(folder, ToyModel.SPECIAL));
    }

    @AfterEach
    void closeTheTokenizer() {
        tokenizer.close();
    }

    private Prompts prompts(Optional<PromptTemplate> template, boolean separates) {
        return new Prompts(tokenizer, SPECIAL, template, new Prompts.Layout(100, true, separates, List.of(2)));
    }

    private String laid(Prompts prompts, Prompt prompt) {
        Prompts.Laid laid =
                prompts.answers(List.of(prompt), BlockSettings.defaults().with("max_new_tokens", 3));
        int[] ids = laid.ids()[0];
        assertThat(ids).hasSize(laid.starts()[0] + 3);
        assertThat(Arrays.stream(ids).skip(laid.starts()[0])).containsOnly(4);
        assertThat(laid.given()[0]).startsWith(true).endsWith(false, false, false);
        return tokenizer.decode(Arrays.copyOf(ids, laid.starts()[0]), false);
    }

    @Test
    void aRawPromptStandsBetweenBeginTokenAndSeparatorWhereTheModelLearntThem() {
        assertThat(laid(prompts(Optional.empty(), true), Prompt.of("ab"))).isEqualTo("<|bos|>ab<|sep|>");
        assertThat(laid(prompts(Optional.empty(), false), Prompt.of("ab"))).isEqualTo("<|bos|>ab");
    }

    @Test
    void aModelsOwnTemplateSaysEverything() throws IOException {
        Files.writeString(
                folder.resolve("chat_template.jinja"),
                "<|pad|>{% for m in messages %}{{ m.role }} {{ m.content }}<|eos|>{% endfor %}"
                        + "{% if add_generation_prompt %}assistant {% endif %}");
        Optional<PromptTemplate> own = Optional.of(ModelTemplate.read(folder).orElseThrow());
        Prompt conversation = new Prompt(
                List.of(
                        new Message(Message.Role.USER, "a"),
                        new Message(Message.Role.ASSISTANT, "b"),
                        new Message(Message.Role.USER, "c")),
                "d");

        assertThat(laid(prompts(own, true), Prompt.of("ab"))).isEqualTo("<|pad|>user ab<|eos|>assistant ");
        assertThat(laid(prompts(own, false), conversation))
                .isEqualTo("<|pad|>system d<|eos|>user a<|eos|>assistant b<|eos|>user c<|eos|>assistant ");
    }

    @Test
    void aTemplateOfTrainingDoesNotBringASecondBeginToken() {
        Optional<PromptTemplate> phi = Optional.of(ChatTemplate.EMPTY);
        assertThat(laid(prompts(phi, false), Prompt.of("ab"))).isEqualTo("<|bos|>ab");
        assertThat(laid(prompts(phi, true), Prompt.of("ab"))).isEqualTo("<|bos|>ab<|sep|>");
    }

    @Test
    void answersEndAtStopIdsAndNeverShowSpecialTokens() {
        Prompts prompts = prompts(Optional.empty(), true);
        int a = tokenizer.encode("a")[0];
        assertThat(prompts.answer(new int[] {0, a, 0, a, 2, a}, 1)).isEqualTo("aa");
        assertThat(prompts.answer(new int[] {0, a, 3, a}, 1)).isEqualTo("a");
        assertThat(prompts.answer(new int[] {0, a, 4, a}, 1)).isEqualTo("aa");
        assertThat(prompts.answers(
                                List.of(Prompt.of("a")), DdmSettings.defaults().with("length", 9))
                        .ids()[0])
                .hasSize(9);
    }
}
