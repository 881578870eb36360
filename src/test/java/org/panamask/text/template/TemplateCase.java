package org.panamask.text.template;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// One rendering by the reference.
record TemplateCase(JsonNode json) {
    static List<TemplateCase> read(String file) {
        List<TemplateCase> cases = new ArrayList<>();
        JsonMapper.shared()
                .readTree(Path.of("src/test/resources/templates", file).toFile())
                .get("cases")
                .forEach(one -> cases.add(new TemplateCase(one)));
        return cases;
    }

    String name() {
        return json.get("name").stringValue();
    }

    String template() {
        return json.get("template").stringValue();
    }

    Map<String, Value> values() {
        Map<String, Value> values = new LinkedHashMap<>();
        json.get("variables").properties().forEach(entry -> values.put(entry.getKey(), value(entry.getValue())));
        values.put("messages", value(json.get("messages")));
        values.put("tools", json.has("tools") ? value(json.get("tools")) : Value.NONE);
        values.put("documents", Value.NONE);
        values.put("add_generation_prompt", value(json.get("add_generation_prompt")));
        return values;
    }

    /// The text that the reference makes, unless it refuses.
    Optional<String> expected() {
        return json.has("expected") ? Optional.of(json.get("expected").stringValue()) : Optional.empty();
    }

    /// Where the answers stand in `text`, which is ours.
    List<Rendering.Span> answers(String text) {
        List<Rendering.Span> spans = new ArrayList<>();
        json.path("answers")
                .forEach(span -> spans.add(new Rendering.Span(
                        text.offsetByCodePoints(0, span.get(0).intValue()),
                        text.offsetByCodePoints(0, span.get(1).intValue()))));
        return spans;
    }

    private static Value value(JsonNode node) {
        if (node.isNull()) {
            return Value.NONE;
        }
        if (node.isBoolean()) {
            return Value.of(node.booleanValue());
        }
        if (node.isIntegralNumber()) {
            return Value.of(node.longValue());
        }
        if (node.isNumber()) {
            return new Value.Real(node.doubleValue());
        }
        if (node.isString()) {
            return Value.of(node.stringValue());
        }
        if (node.isArray()) {
            List<Value> items = new ArrayList<>();
            node.forEach(item -> items.add(value(item)));
            return Value.of(items);
        }
        Map<String, Value> entries = new LinkedHashMap<>();
        node.properties().forEach(entry -> entries.put(entry.getKey(), value(entry.getValue())));
        return Value.of(entries);
    }

    @Override
    public String toString() {
        return name();
    }
}
