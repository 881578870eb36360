package org.panamask.config;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Settings records made in code, with the same keys, defaults and checks as in a recipe.
public final class Settings {
    private Settings() {}

    /// The record with every key at its default.
    ///
    /// @param type the record class
    /// @param <T> the same
    /// @return the defaults
    /// @throws SettingException if a key has no default
    public static <T extends Record> T defaults(Class<T> type) {
        return of(type, Map.of());
    }

    /// The record with the keys of `values` set and every other key at its default.
    ///
    /// @param type the record class
    /// @param values keys in snake case; values as text or what prints as it
    /// @param <T> the record class
    /// @return the record
    /// @throws SettingException if a key is unknown, does not take its value, or is missing
    public static <T extends Record> T of(Class<T> type, Map<String, ?> values) {
        Map<String, Tree.Entry> entries = new LinkedHashMap<>();
        values.forEach((key, value) -> entries.put(key, new Tree.Entry(code(), tree(value))));
        Bound<T> bound = Binder.bind(type, new Tree.Mapping(entries, code()));
        if (!bound.problems().isEmpty()) {
            throw new SettingException(bound.problems().getFirst().message());
        }
        return bound.value().orElseThrow();
    }

    /// A copy of `settings` with one key changed: `Settings.with(sampler, "steps", 32)`. Text stands for any value
    /// as a recipe writes it.
    ///
    /// @param settings the record to copy
    /// @param key in snake case
    /// @param value of the component's type (without its `Optional`), or text
    /// @param <T> the record class
    /// @return the changed copy
    /// @throws SettingException if there is no such key or it does not take `value`
    public static <T extends Record> T with(T settings, String key, Object value) {
        Section section = Section.of(settings.getClass());
        Optional<Setting> known = section.known(key);
        if (known.isPresent()) {
            Setting.OtherName alias = known.get().alias(key).orElseThrow();
            return with(settings, known.get().name(), alias.meaning().isEmpty() ? value : meant(alias, value));
        }
        int index = section.names().indexOf(key);
        if (index < 0) {
            throw new SettingException(key + " is not a key of "
                    + settings.getClass().getSimpleName()
                    + LeafValues.hint(key, section.names()));
        }
        Setting setting = section.settings().get(index);
        List<Object> values = section.values(settings);
        Object converted = convert(setting, key, value);
        values.set(index, setting.optional() && !(converted instanceof Optional) ? Optional.of(converted) : converted);
        @SuppressWarnings("unchecked")
        T changed = (T) section.create(values);
        return changed;
    }

    private static String meant(Setting.OtherName alias, Object value) {
        return Optional.ofNullable(alias.meaning().get(String.valueOf(value)))
                .orElseThrow(() -> new SettingException(AliasNames.refusal(alias, "'" + value + "'")));
    }

    /// Numbers, text and paths go the way of written values; everything else must already be what the key takes.
    private static Object convert(Setting setting, String key, Object value) {
        Object bare = value instanceof Optional<?> optional && setting.optional() && optional.isPresent()
                ? optional.get()
                : value;
        if (setting.optional() && bare.equals(Optional.empty()) || fits(setting.type(), bare)) {
            return bare;
        }
        if (setting.type() instanceof SettingType.Leaf leaf
                && !(leaf instanceof SettingType.Text && bare instanceof Enum)) {
            Tree tree = tree(bare);
            return LeafValues.read(leaf, tree)
                    .orElseThrow(() -> new SettingException(key + " " + LeafValues.refusal(leaf, tree)));
        }
        String taken = switch (setting.type()) {
            case Section section -> section.type().getSimpleName();
            case SettingType.Modes _ -> setting.type().label();
            case SettingType.Leaf _ -> "text";
        };
        throw new SettingException(
                key + " must be " + taken + ", but got a " + bare.getClass().getSimpleName());
    }

    private static Tree tree(Object value) {
        return value instanceof String text && text.startsWith("[") && text.endsWith("]")
                ? Binder.written(text, code())
                : new Tree.Scalar(String.valueOf(value), value instanceof Path, code());
    }

    private static boolean fits(SettingType type, Object value) {
        return switch (type) {
            case Section section -> section.type().isInstance(value);
            case SettingType.Modes modes ->
                modes.sections().values().stream()
                        .anyMatch(option -> option.type().isInstance(value));
            case SettingType.Choice choice -> choice.type().isInstance(value);
            case SettingType.TextList _ ->
                value instanceof List<?> list && list.stream().allMatch(String.class::isInstance);
            case SettingType.Locations _ ->
                value instanceof List<?> list && list.stream().allMatch(Path.class::isInstance);
            case SettingType.Numbers numbers ->
                value instanceof Map<?, ?> map
                        && map.values().stream().allMatch(number -> isNumber(numbers.number(), number));
            case SettingType.Text _ -> value instanceof String;
            case SettingType.Location _ -> value instanceof Path;
            case SettingType.Whole _, SettingType.Real _, SettingType.Flag _ -> false;
        };
    }

    private static boolean isNumber(SettingType.Leaf type, Object value) {
        return type instanceof SettingType.Whole ? value instanceof Integer : value instanceof Double;
    }

    private static Place code() {
        return new Place("settings", 0, Path.of(""));
    }
}
