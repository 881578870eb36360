package org.panamask.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.panamask.config.Mode;
import org.panamask.config.Nearest;
import org.panamask.config.Section;
import org.panamask.config.Setting;
import org.panamask.config.SettingType;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// Every key a recipe can hold, from the same annotations that reading goes by.
public final class RecipeReference {
    private static final Section ROOT = Section.of(Recipe.class);

    private RecipeReference() {}

    /// One key.
    ///
    /// @param key the full path, such as `train.learning_rate`
    /// @param type what it takes, in words
    /// @param defaultText the default as it would be written; `required`, or `not set`
    /// @param doc what it means
    public record Row(String key, String type, String defaultText, String doc) {}

    /// Every key in the order of a recipe. A key of several modes has one row if it is the same in all of them.
    public static List<Row> rows() {
        return rows(ROOT, "", "");
    }

    /// The rows of one key or of all keys under it; `train` gives all of that group.
    public static List<Row> rows(String key) {
        return rows().stream()
                .filter(row -> row.key().equals(key) || row.key().startsWith(key + "."))
                .toList();
    }

    /// The key that a misspelt one most likely stands for.
    public static Optional<String> nearest(String key) {
        Map<String, String> known = new LinkedHashMap<>();
        for (Row row : rows()) {
            String whole = row.key();
            known.put(whole, whole);
            for (int dot = whole.indexOf('.'); dot > 0; dot = whole.indexOf('.', dot + 1)) {
                known.putIfAbsent(whole.substring(0, dot), whole.substring(0, dot));
            }
        }
        for (Row row : rows()) {
            known.putIfAbsent(last(row.key()), row.key());
        }
        return Nearest.of(key, known.keySet())
                .or(() -> Nearest.of(last(key), known.keySet()))
                .map(known::get);
    }

    private static String last(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }

    /// The reference page, as Markdown.
    public static String markdown() {
        StringBuilder out = new StringBuilder("""
                # Recipe keys

                Generated from the annotations that recipes are read by.

                | Key | Takes | Default | Meaning |
                |---|---|---|---|
                """);
        for (Row row : rows()) {
            out.append("| `%s` | %s | `%s` | %s |\n".formatted(row.key(), row.type(), row.defaultText(), row.doc()));
        }
        return out.toString();
    }

    /// A JSON schema (draft 2020-12) of recipes, for editors.
    public static String jsonSchema() {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("title", "Panamask recipe");
        schema.putAll(schema(ROOT));
        return JsonMapper.builder()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .build()
                .writeValueAsString(schema);
    }

    private static List<Row> rows(Section section, String prefix, String suffix) {
        List<Row> rows = new ArrayList<>();
        for (Setting setting : section.settings()) {
            String key = prefix + setting.name();
            switch (setting.type()) {
                case SettingType.Leaf leaf ->
                    rows.add(new Row(key, leaf.label(), defaultText(setting), doc(setting) + suffix));
                case Section inner -> rows.addAll(rows(inner, key + ".", suffix));
                case SettingType.Modes modes -> rows.addAll(modeRows(setting, modes, key));
            }
        }
        return rows;
    }

    private static String doc(Setting setting) {
        return setting.aliases().isEmpty()
                ? setting.doc()
                : setting.doc() + "; also "
                        + setting.aliases().stream()
                                .map(Setting.OtherName::name)
                                .collect(Collectors.joining(", "));
    }

    private static List<Row> modeRows(Setting setting, SettingType.Modes modes, String key) {
        List<Row> rows = new ArrayList<>();
        String each = modes.sections().entrySet().stream()
                .map(mode -> mode.getKey() + ", "
                        + mode.getValue().type().getAnnotation(Mode.class).doc())
                .collect(Collectors.joining("; "));
        rows.add(new Row(key + ".mode", modes.label(), defaultText(setting), setting.doc() + ": " + each));
        Map<Row, List<String>> byRow = new LinkedHashMap<>();
        modes.sections()
                .forEach((mode, section) -> rows(section, key + ".", "")
                        .forEach(row -> byRow.computeIfAbsent(row, _ -> new ArrayList<>())
                                .add(mode)));
        byRow.forEach((row, in) -> {
            String doc = row.doc() + " (mode " + String.join(", ", in) + ")";
            rows.add(new Row(row.key(), row.type(), row.defaultText(), doc));
        });
        return rows;
    }

    private static String defaultText(Setting setting) {
        return setting.defaultText().orElse(setting.optional() ? "not set" : "required");
    }

    private static Map<String, Object> schema(Section section) {
        Map<String, Object> properties = new LinkedHashMap<>();
        List<String> required = new ArrayList<>();
        for (Setting setting : section.settings()) {
            properties.put(setting.name(), schema(setting));
            properties.putAll(aliases(setting));
            boolean needed = setting.type() instanceof Section inner
                    ? inner.settings().stream().anyMatch(RecipeReference::required)
                    : required(setting);
            if (needed && !setting.optional()) {
                required.add(setting.name());
            }
        }
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("properties", properties);
        if (!required.isEmpty()) {
            schema.put("required", required);
        }
        schema.put("additionalProperties", false);
        return schema;
    }

    private static Map<String, Object> aliases(Setting setting) {
        Map<String, Object> properties = new LinkedHashMap<>();
        setting.aliases()
                .forEach(alias ->
                        properties.put(alias.name(), Map.of("description", "another name of " + setting.name())));
        return properties;
    }

    private static boolean required(Setting setting) {
        return setting.type() instanceof SettingType.Leaf
                && setting.defaultText().isEmpty()
                && !setting.optional();
    }

    private static Map<String, Object> schema(Setting setting) {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("description", setting.doc());
        switch (setting.type()) {
            case SettingType.Whole _ -> schema.put("type", "integer");
            case SettingType.Real _ -> schema.put("type", "number");
            case SettingType.Flag _ -> schema.put("type", "boolean");
            case SettingType.Text _ -> schema.put("type", List.of("string", "number"));
            case SettingType.Location _ -> schema.put("type", "string");
            case SettingType.TextList _ -> {
                schema.put("type", "array");
                schema.put("items", Map.of("type", "string"));
            }
            case SettingType.Locations _ ->
                schema.put(
                        "anyOf",
                        List.of(Map.of("type", "string"), Map.of("type", "array", "items", Map.of("type", "string"))));
            case SettingType.Numbers numbers -> {
                schema.put("type", "object");
                String number = numbers.number() instanceof SettingType.Whole ? "integer" : "number";
                schema.put("additionalProperties", Map.of("type", number));
            }
            case SettingType.Choice choice -> schema.put("enum", choice.names());
            case Section section
            when section.shorthand().isPresent() ->
                schema.put("anyOf", List.of(Map.of("type", "string"), schema(section)));
            case Section section -> schema.putAll(schema(section));
            case SettingType.Modes modes -> schema.put("anyOf", modes(modes, setting));
        }
        setting.defaultText().ifPresent(text -> schema.put("default", value(setting.type(), text)));
        return schema;
    }

    private static List<Object> modes(SettingType.Modes modes, Setting setting) {
        List<Object> options = new ArrayList<>();
        options.add(Map.of("enum", List.copyOf(modes.sections().keySet())));
        modes.sections().forEach((mode, section) -> {
            Map<String, Object> properties = new LinkedHashMap<>();
            properties.put("mode", Map.of("const", mode));
            section.settings().forEach(inner -> {
                properties.put(inner.name(), schema(inner));
                properties.putAll(aliases(inner));
            });
            Map<String, Object> option = new LinkedHashMap<>(schema(section));
            option.put("properties", properties);
            if (!setting.defaultText().orElse("").equals(mode)) {
                option.put("required", List.of("mode"));
            }
            options.add(option);
        });
        return options;
    }

    private static Object value(SettingType type, String text) {
        return switch (type) {
            case SettingType.Whole _ -> Long.parseLong(text);
            case SettingType.Real _ -> Double.parseDouble(text);
            case SettingType.Flag _ -> Boolean.parseBoolean(text);
            case SettingType.TextList _, SettingType.Locations _ ->
                text.equals("[]")
                        ? List.of()
                        : List.of(text.substring(1, text.length() - 1).split(", *"));
            case SettingType.Numbers _ -> Map.of();
            case SettingType.Text _, SettingType.Location _, SettingType.Choice _ -> text;
            case Section _, SettingType.Modes _ -> text;
        };
    }
}
