package org.panamask.text.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Writes values as texts: as Python prints them, and as JSON.
final class Writing {
    private final Meter meter;
    private final StringBuilder text = new StringBuilder();

    private Writing(Meter meter) {
        this.meter = meter;
    }

    /// The value as it is printed; texts stand for themselves, what is undefined is empty.
    static String printed(Value value, Meter meter) {
        return switch (value) {
            case Value.Text(String text) -> text;
            case Value.Undefined _ -> "";
            case Value.Int _,
                    Value.Real _,
                    Value.Bool _,
                    Value.None _,
                    Value.Sequence _,
                    Value.Mapping _,
                    Value.Namespace _,
                    Value.Callable _ -> {
                Writing writing = new Writing(meter);
                writing.literal(value);
                yield writing.text.toString();
            }
        };
    }

    private void put(String more) {
        meter.made(more.length());
        text.append(more);
    }

    /// The value as it stands within a list.
    private void literal(Value value) {
        meter.took(1);
        switch (value) {
            case Value.Text(String content) -> put(quoted(content));
            case Value.Int(long number) -> put(Long.toString(number));
            case Value.Real(double number) -> put(PythonText.shown(number));
            case Value.Bool(boolean isTrue) -> put(isTrue ? "True" : "False");
            case Value.None() -> put("None");
            case Value.Undefined _ -> put("Undefined");
            case Value.Sequence(List<Value> items) -> {
                meter.enter();
                put("[");
                for (int i = 0; i < items.size(); i++) {
                    put(i == 0 ? "" : ", ");
                    literal(items.get(i));
                }
                put("]");
                meter.leave();
            }
            case Value.Mapping(Map<String, Value> entries) -> {
                meter.enter();
                put("{");
                String between = "";
                for (Map.Entry<String, Value> entry : entries.entrySet()) {
                    put(between + quoted(entry.getKey()) + ": ");
                    literal(entry.getValue());
                    between = ", ";
                }
                put("}");
                meter.leave();
            }
            case Value.Namespace _, Value.Callable _ ->
                throw meter.failure("a namespace or a function cannot be printed, but stands here; print its members");
        }
    }

    private static String quoted(String content) {
        char quote = content.contains("'") && !content.contains("\"") ? '"' : '\'';
        StringBuilder quoted = new StringBuilder().append(quote);
        content.codePoints().forEach(c -> {
            if (c == quote || c == '\\') {
                quoted.append('\\').appendCodePoint(c);
            } else if (c == '\n') {
                quoted.append("\\n");
            } else if (c == '\t') {
                quoted.append("\\t");
            } else if (c == '\r') {
                quoted.append("\\r");
            } else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
                quoted.append("\\x%02x".formatted(c));
            } else {
                quoted.appendCodePoint(c);
            }
        });
        return quoted.append(quote).toString();
    }

    /// How JSON is laid out.
    ///
    /// @param ascii whether other characters are escaped
    /// @param indent of each level; empty for a single line
    /// @param item stands between two elements
    /// @param key stands behind a key
    /// @param sorted whether entries are in the order of their keys
    record Json(boolean ascii, Optional<String> indent, String item, String key, boolean sorted) {}

    /// The value as JSON.
    static String json(Value value, Json layout, Meter meter) {
        Writing writing = new Writing(meter);
        writing.json(value, layout, "\n");
        return writing.text.toString();
    }

    private void json(Value value, Json layout, String line) {
        meter.took(1);
        switch (value) {
            case Value.Text(String content) -> jsonText(content, layout.ascii());
            case Value.Int(long number) -> put(Long.toString(number));
            case Value.Real(double number) ->
                put(
                        Double.isNaN(number)
                                ? "NaN"
                                : Double.isInfinite(number)
                                        ? number > 0 ? "Infinity" : "-Infinity"
                                        : PythonText.shown(number));
            case Value.Bool(boolean isTrue) -> put(isTrue ? "true" : "false");
            case Value.None() -> put("null");
            case Value.Sequence(List<Value> items) -> {
                List<Runnable> elements = new ArrayList<>();
                String deeper = line + layout.indent().orElse("");
                items.forEach(item -> elements.add(() -> json(item, layout, deeper)));
                elements("[", elements, "]", layout, line);
            }
            case Value.Mapping(Map<String, Value> entries) -> {
                List<String> keys = new ArrayList<>(entries.keySet());
                if (layout.sorted()) {
                    Collections.sort(keys);
                }
                List<Runnable> elements = new ArrayList<>();
                String deeper = line + layout.indent().orElse("");
                for (String key : keys) {
                    elements.add(() -> {
                        jsonText(key, layout.ascii());
                        put(layout.key());
                        json(entries.getOrDefault(key, Value.NONE), layout, deeper);
                    });
                }
                elements("{", elements, "}", layout, line);
            }
            case Value.Undefined _, Value.Namespace _, Value.Callable _ ->
                throw meter.failure("tojson needs a value that JSON has, but got " + Operators.kind(value)
                        + "; give it a text, a number, a list or a dictionary");
        }
    }

    private void elements(String open, List<Runnable> elements, String close, Json layout, String line) {
        meter.enter();
        put(open);
        boolean breaks = layout.indent().isPresent() && !elements.isEmpty();
        String separator = "";
        for (Runnable element : elements) {
            put(separator);
            put(breaks ? line + layout.indent().get() : "");
            element.run();
            separator = layout.item();
        }
        put(breaks ? line : "");
        put(close);
        meter.leave();
    }

    private void jsonText(String content, boolean ascii) {
        meter.made(content.length());
        text.append('"');
        for (int i = 0; i < content.length(); i++) {
            char c = content.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\b' -> text.append("\\b");
                case '\f' -> text.append("\\f");
                default -> {
                    if (c < 0x20 || (ascii && c > 0x7e)) {
                        text.append("\\u%04x".formatted((int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }
}
