package org.panamask.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.panamask.text.template.Rendering;
import org.panamask.text.template.TemplateException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ModelTemplateTest {
    private static final List<Message> QUESTION = List.of(new Message(Message.Role.USER, "Q"));

    @TempDir
    private Path folder;

    private static String prompt(ModelTemplate template) {
        return template.render(QUESTION, "", true).text();
    }

    private String prompt() {
        return prompt(ModelTemplate.read(folder).orElseThrow());
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private static ModelTemplate preset(JsonNode one) {
        TemplatePreset preset =
                TemplatePreset.valueOf(one.get("preset").stringValue().toUpperCase(Locale.ROOT));
        JsonNode bos = one.path("variables").path("bos_token");
        JsonNode eos = one.path("variables").path("eos_token");
        return preset.template(
                bos.isString()
                        ? Map.of("bos_token", bos.stringValue(), "eos_token", eos.stringValue())
                        : Map.of("eos_token", eos.stringValue()));
    }

    @Test
    void presetsAreRenderedAsByTheReference() {
        Set<String> seen = new HashSet<>();
        for (JsonNode one : JsonMapper.shared()
                .readTree(Path.of("src/test/resources/templates/presets.json").toFile())
                .get("cases")) {
            List<Message> messages = new ArrayList<>();
            String system = "";
            for (JsonNode message : one.get("messages")) {
                String content = message.get("content").stringValue();
                switch (message.get("role").stringValue()) {
                    case "system" -> system = content;
                    case "user" -> messages.add(new Message(Message.Role.USER, content));
                    default -> messages.add(new Message(Message.Role.ASSISTANT, content));
                }
            }
            seen.add(one.get("preset").stringValue());
            ModelTemplate template = preset(one);
            boolean asks = one.get("add_generation_prompt").booleanValue();
            String above = system;
            if (one.has("error")) {
                assertThatExceptionOfType(TemplateException.class)
                        .isThrownBy(() -> template.render(messages, above, asks))
                        .withMessage("llama2.jinja:9: the template refuses this conversation: questions and answers"
                                + " must alternate; change the messages");
                continue;
            }
            Rendering rendering = template.render(messages, above, asks);
            assertThat(rendering.text()).isEqualTo(one.get("expected").stringValue());
            assertThat(rendering.answers()).isEqualTo(answers(one, rendering.text()));
        }
        assertThat(seen).hasSize(TemplatePreset.values().length);
    }

    private static List<Rendering.Span> answers(JsonNode one, String text) {
        List<Rendering.Span> spans = new ArrayList<>();
        one.get("answers")
                .forEach(span -> spans.add(new Rendering.Span(
                        text.offsetByCodePoints(0, span.get(0).intValue()),
                        text.offsetByCodePoints(0, span.get(1).intValue()))));
        return spans;
    }

    @Test
    void aFolderWithoutATemplateHasNone() throws IOException {
        assertThat(ModelTemplate.read(folder)).isEmpty();
        write("tokenizer_config.json", "{\"bos_token\": \"<s>\", \"chat_template\": null}");
        assertThat(ModelTemplate.read(folder)).isEmpty();
    }

    @Test
    void theTemplateAndTheTokensComeFromTheFilesOfTheFolder() throws IOException {
        write("special_tokens_map.json", "{\"bos_token\": \"no\", \"eos_token\": {\"content\": \"</s>\"}}");
        write("tokenizer_config.json", """
                {"bos_token": {"content": "<s>"}, "pad_token": null,
                 "chat_template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ pad_token }}"}""");
        assertThat(prompt()).isEqualTo("<s>Q</s>");
    }

    @Test
    void ofNamedTemplatesTheDefaultIsTaken() throws IOException {
        write("tokenizer_config.json", """
                {"chat_template": [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": "d"}]}""");
        assertThat(prompt()).isEqualTo("d");
    }

    @Test
    void theTemplateFileGoesBeforeTheConfiguration() throws IOException {
        write("tokenizer_config.json", "{\"chat_template\": \"c\", \"eos_token\": \"</s>\"}");
        write("chat_template.jinja", "f{{ eos_token }}\n");
        assertThat(prompt()).isEqualTo("f</s>");
    }

    @Test
    void aPresetTakesTheTokensOfTheFolder() throws IOException {
        assertThat(prompt(ModelTemplate.of(TemplatePreset.LLADA, folder)))
                .isEqualTo("<|startoftext|>"
                        + "<|start_header_id|>user<|end_header_id|>\n\nQ<|eot_id|><|start_header_id|>assistant<|end_header_id|>"
                        + "\n\n");
        write("tokenizer_config.json", "{\"bos_token\": \"<s>\"}");
        assertThat(prompt(ModelTemplate.of(TemplatePreset.LLADA, folder))).startsWith("<s><|start_header_id|>");
        assertThat(TemplatePreset.ofFamily("llada")).contains(TemplatePreset.LLADA);
        assertThat(TemplatePreset.ofFamily("Dream")).contains(TemplatePreset.DREAM);
        assertThat(TemplatePreset.ofFamily("llama")).isEmpty();
    }

    @Test
    void toolsSpeakUnderTheRolesOfTransformers() throws IOException {
        write("chat_template.jinja", "{% for m in messages %}{{ m.role }} {% endfor %}");
        List<Message> messages = List.of(
                new Message(Message.Role.USER, "a"),
                new Message(Message.Role.FUNCTION, "b"),
                new Message(Message.Role.OBSERVATION, "c"));
        assertThat(ModelTemplate.read(folder)
                        .orElseThrow()
                        .render(messages, "s", false)
                        .text())
                .isEqualTo("system user assistant tool ");
    }

    @Test
    void brokenFilesAreNamed() throws IOException {
        Path config = folder.resolve("tokenizer_config.json");
        write("tokenizer_config.json", "{\"chat_template\": 3}");
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(this::prompt)
                .withMessage(config + ": chat_template: must be a text or a list of named ones, but is 3; repair it or"
                        + " take it out of the folder");
        write("tokenizer_config.json", "{\"chat_template\": [{\"name\": \"x\", \"template\": \"y\"}]}");
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(this::prompt)
                .withMessage(config + ": chat_template: must have one named default, but has [x]; name one so");
        write("tokenizer_config.json", "{\"chat_template\": \"a\\n{{ b\"}");
        assertThatExceptionOfType(TemplateException.class)
                .isThrownBy(this::prompt)
                .withMessage(config + " chat_template:2: a tag must end with }}, but the template ends; close it");
    }
}
