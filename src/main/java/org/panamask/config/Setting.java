package org.panamask.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// One key of a section, read from a record component.
///
/// @param name as written, in snake case
/// @param type what it takes
/// @param optional whether it may be left out and is then empty
/// @param defaultText the value it has when left out, as it would be written; empty if there is none
/// @param doc what it means
/// @param shorthand whether a single value in place of the section fills it
/// @param aliases other names it is known by
public record Setting(
        String name,
        SettingType type,
        boolean optional,
        Optional<String> defaultText,
        String doc,
        boolean shorthand,
        List<OtherName> aliases) {
    /// Keeps its own copy.
    public Setting {
        aliases = List.copyOf(aliases);
    }

    /// Another name of the key.
    ///
    /// @param name as written
    /// @param meaning the key's values for those of this name, where they differ; empty where they are the same
    public record OtherName(String name, Map<String, String> meaning) {
        static OtherName of(Alias alias) {
            Map<String, String> meaning = new LinkedHashMap<>();
            for (String one : alias.meaning()) {
                int equals = one.indexOf(" = ");
                meaning.put(one.substring(0, equals), one.substring(equals + 3));
            }
            return new OtherName(alias.value(), meaning);
        }
    }

    static Key key(RecordComponent component) {
        Key key = component.getAnnotation(Key.class);
        if (key == null) {
            throw new IllegalStateException("settings: " + component + " needs a @Key");
        }
        return key;
    }

    /// The other name `written`, if this key is known by it.
    public Optional<OtherName> alias(String written) {
        return aliases.stream().filter(alias -> alias.name().equals(written)).findFirst();
    }

    static Setting of(RecordComponent component) {
        Key key = key(component);
        boolean optional = component.getType() == Optional.class;
        Type type = optional && component.getGenericType() instanceof ParameterizedType generic
                ? generic.getActualTypeArguments()[0]
                : component.getGenericType();
        Optional<String> defaultText = Optional.of(key.value()).filter(text -> !text.equals(Key.NO_DEFAULT));
        return new Setting(
                snakeCase(component.getName()),
                SettingType.of(type),
                optional,
                defaultText,
                key.doc(),
                key.shorthand(),
                Arrays.stream(key.aliases()).map(OtherName::of).toList());
    }

    /// `learningRate` becomes `learning_rate`, `topP` becomes `top_p`.
    static String snakeCase(String camelCase) {
        return camelCase.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }
}
