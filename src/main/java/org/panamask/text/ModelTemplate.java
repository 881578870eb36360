package org.panamask.text;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.panamask.text.template.JinjaTemplate;
import org.panamask.text.template.Rendering;
import org.panamask.text.template.Value;
import tools.jackson.databind.JsonNode;

/// The chat template of a model folder, in Jinja, with the special tokens that it may name.
public final class ModelTemplate implements PromptTemplate {
    private static final String FILE = "chat_template.jinja";
    private static final String CONFIG = "tokenizer_config.json";
    private static final String SPECIALS = "special_tokens_map.json";
    private static final String KEY = "chat_template";
    private static final String ADVICE = "repair it or take it out of the folder";
    private static final List<String> TOKENS =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    private final JinjaTemplate template;
    private final Map<String, String> tokens;

    ModelTemplate(JinjaTemplate template, Map<String, String> tokens) {
        this.template = template;
        this.tokens = tokens;
    }

    /// The template of `folder`, if it has one: `chat_template.jinja`, or else `chat_template` in
    /// `tokenizer_config.json`, which is a text or a list of named ones, of which `default` is taken.
    ///
    /// @throws TokenizerException if a file is broken
    /// @throws org.panamask.text.template.TemplateException if the template is not of the Jinja that is understood
    public static Optional<ModelTemplate> read(Path folder) {
        Map<String, String> tokens = tokens(folder);
        Path file = folder.resolve(FILE);
        if (Files.exists(file)) {
            return Optional.of(new ModelTemplate(JinjaTemplate.of(file.toString(), text(file)), tokens));
        }
        Path config = folder.resolve(CONFIG);
        return Files.exists(config) ? configured(JsonFile.read(config, ADVICE), tokens) : Optional.empty();
    }

    /// The preset with the special tokens of `folder`.
    ///
    /// @throws TokenizerException if a file of the folder is broken
    public static ModelTemplate of(TemplatePreset preset, Path folder) {
        return preset.template(tokens(folder));
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new TokenizerException(file + ": is not UTF-8; " + ADVICE, e);
        } catch (IOException e) {
            throw new TokenizerException(file + ": cannot be read, " + e.getMessage() + "; " + ADVICE, e);
        }
    }

    private static Optional<ModelTemplate> configured(JsonFile file, Map<String, String> tokens) {
        Optional<JsonNode> node = JsonFile.child(file.root(), KEY);
        if (node.isEmpty()) {
            return Optional.empty();
        }
        String name = file.path() + " " + KEY;
        if (node.get().isString()) {
            return Optional.of(
                    new ModelTemplate(JinjaTemplate.of(name, node.get().stringValue()), tokens));
        }
        if (!node.get().isArray()) {
            throw file.broken(KEY, "must be a text or a list of named ones, but is " + node.get() + "; " + ADVICE);
        }
        List<String> names = new ArrayList<>();
        for (JsonNode entry : node.get()) {
            if (!entry.path("name").isString() || !entry.path("template").isString()) {
                throw file.broken(KEY, "must hold a name and a template each, but got " + entry + "; " + ADVICE);
            }
            names.add(entry.get("name").stringValue());
            if (names.getLast().equals("default")) {
                return Optional.of(new ModelTemplate(
                        JinjaTemplate.of(name, entry.get("template").stringValue()), tokens));
            }
        }
        throw file.broken(KEY, "must have one named default, but has " + names + "; name one so");
    }

    /// The texts of special tokens, as templates name them.
    private static Map<String, String> tokens(Path folder) {
        Map<String, String> tokens = new LinkedHashMap<>();
        for (String name : List.of(CONFIG, SPECIALS)) {
            if (Files.exists(folder.resolve(name))) {
                JsonFile file = JsonFile.read(folder.resolve(name), ADVICE);
                for (String token : TOKENS) {
                    JsonFile.child(file.root(), token)
                            .map(node -> node.isObject() ? node.path("content") : node)
                            .filter(JsonNode::isString)
                            .ifPresent(text -> tokens.putIfAbsent(token, text.stringValue()));
                }
            }
        }
        return tokens;
    }

    /// The conversation as text.
    ///
    /// @param messages in turn
    /// @param systemText what stands above them; without one the template may have its own
    /// @param asks whether the beginning of an answer follows the last message
    /// @return the text, and where the answers stand in it if the template says so
    /// @throws org.panamask.text.template.TemplateException if the template refuses the conversation
    public Rendering render(List<Message> messages, String systemText, boolean asks) {
        List<Value> said = new ArrayList<>();
        if (!systemText.isEmpty()) {
            said.add(message("system", systemText));
        }
        messages.forEach(message -> said.add(message(role(message.role()), message.content())));
        Map<String, Value> values = new LinkedHashMap<>();
        tokens.forEach((name, text) -> values.put(name, Value.of(text)));
        values.put("messages", Value.of(said));
        values.put("tools", Value.NONE);
        values.put("documents", Value.NONE);
        values.put("add_generation_prompt", Value.of(asks));
        return template.render(values);
    }

    private static Value message(String role, String content) {
        Map<String, Value> entries = new LinkedHashMap<>();
        entries.put("role", Value.of(role));
        entries.put("content", Value.of(content));
        return Value.of(entries);
    }

    private static String role(Message.Role role) {
        return switch (role) {
            case USER -> "user";
            case ASSISTANT, FUNCTION -> "assistant";
            case OBSERVATION -> "tool";
        };
    }

    @Override
    public int[] promptIds(List<Message> messages, String systemText, Tokenizer tokenizer, int bos, int eos) {
        return tokenizer.encode(render(messages, systemText, true).text());
    }

    @Override
    public String toString() {
        return template.name();
    }
}
