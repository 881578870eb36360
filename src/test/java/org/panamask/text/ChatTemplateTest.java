package org.panamask.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ChatTemplateTest {
    private static final List<Message> QUESTION = List.of(new Message(Message.Role.USER, "Q1"));

    private static JsonNode fixture() {
        String folder = System.getProperty("panamask.fixtures", "src/test/resources/fixtures");
        return JsonMapper.shared()
                .readTree(Path.of(folder, "ddm", "data", "templates.json").toFile());
    }

    private static List<String> shown(ChatTemplate template, List<Message> messages, String system) {
        return template.turns(messages, system).stream()
                .map(TemplateText::shown)
                .toList();
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.stringValue()));
        return texts;
    }

    @Test
    void everyTemplateEqualsTheReference() {
        List<Message> messages = new ArrayList<>();
        for (String text : texts(fixture().get("messages"))) {
            boolean asks = messages.size() % 2 == 0;
            messages.add(new Message(asks ? Message.Role.USER : Message.Role.ASSISTANT, text));
        }
        int seen = 0;
        for (Map.Entry<String, JsonNode> entry : fixture().get("templates").properties()) {
            ChatTemplate template = ChatTemplate.valueOf(entry.getKey().toUpperCase(Locale.ROOT));
            assertThat(shown(template, messages, "SYS"))
                    .as(entry.getKey())
                    .isEqualTo(texts(entry.getValue().get("turns_with_system")));
            if (entry.getValue().has("turns")) {
                assertThat(shown(template, messages, ""))
                        .as(entry.getKey())
                        .isEqualTo(texts(entry.getValue().get("turns")));
            }
            seen++;
        }
        assertThat(seen).isEqualTo(ChatTemplate.values().length);
    }

    @Test
    void specialTokensBecomeTheirIdsAndTextsAreEncodedBetweenThem() {
        List<String> encoded = new ArrayList<>();
        TemplateText text = ChatTemplate.DEFAULT.prompt(QUESTION, "S");
        int[] ids = text.ids(
                part -> {
                    encoded.add(part);
                    return new int[] {100 + encoded.size()};
                },
                1,
                2);
        assertThat(encoded).containsExactly("System: S", "\nHuman: Q1", "\nAssistant:");
        assertThat(ids).containsExactly(101, 2, 102, 2, 103);
    }

    @Test
    void aBeginTokenInFrontCanBeLeftOut() {
        assertThat(ChatTemplate.LLAMA2.prompt(QUESTION, "").withoutBegin().shown())
                .isEqualTo("[INST] Q1 [/INST]");
        assertThat(ChatTemplate.QWEN.prompt(QUESTION, "").withoutBegin().shown())
                .isEqualTo("<|im_start|>user\nQ1<|im_end|>\n<|im_start|>assistant\n");
    }

    @Test
    void placesWithinAMessageAreOnlyText() {
        List<Message> messages = List.of(new Message(Message.Role.USER, "{eos}{content}"));
        assertThat(ChatTemplate.VICUNA.prompt(messages, "{bos}").shown())
                .isEqualTo("{bos}USER: {eos}{content} ASSISTANT:");
        assertThat(ChatTemplate.LLAMA2.prompt(messages, "{bos}").shown())
                .isEqualTo("<BOS>[INST] <<SYS>>\n{bos}\n<</SYS>>\n\n{eos}{content} [/INST]");
    }

    @Test
    void messagesOfToolsAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ChatTemplate.PHI.prompt(List.of(new Message(Message.Role.OBSERVATION, "42")), ""))
                .withMessage("template phi: has texts for users and assistants, but got a message of a tool; leave it"
                        + " out");
    }
}
