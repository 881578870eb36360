package org.panamask.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What a key takes.
public sealed interface SettingType permits SettingType.Leaf, Section, SettingType.Modes {
    /// What the key takes, in words: `a whole number`.
    String label();

    /// A type whose values are written directly.
    sealed interface Leaf extends SettingType {}

    /// An `int` or `long`.
    ///
    /// @param most the largest value that fits
    record Whole(long most) implements Leaf {
        @Override
        public String label() {
            return "a whole number";
        }
    }

    /// A `double` or `float`.
    ///
    /// @param single whether it is a `float`
    record Real(boolean single) implements Leaf {
        @Override
        public String label() {
            return "a number";
        }
    }

    /// A `boolean`.
    record Flag() implements Leaf {
        @Override
        public String label() {
            return "true or false";
        }
    }

    /// A `String`.
    record Text() implements Leaf {
        @Override
        public String label() {
            return "text";
        }
    }

    /// A `Path`; a relative one starts at the folder of the file it is written in.
    record Location() implements Leaf {
        @Override
        public String label() {
            return "a path";
        }
    }

    /// A list of texts.
    record TextList() implements Leaf {
        @Override
        public String label() {
            return "a list like [a, b]";
        }
    }

    /// A list of paths; a single one stands for itself.
    record Locations() implements Leaf {
        @Override
        public String label() {
            return "a path or a list of them";
        }
    }

    /// Numbers by name, in the order written.
    ///
    /// @param number what each name takes
    record Numbers(Leaf number) implements Leaf {
        @Override
        public String label() {
            return "a group like {name: " + (number instanceof Whole ? "1" : "0.5") + "}";
        }
    }

    /// An enum; its constants are written in small letters.
    ///
    /// @param type the enum class
    record Choice(Class<?> type) implements Leaf {
        @Override
        public String label() {
            return "one of " + String.join(", ", names());
        }

        /// The constants as written in a recipe.
        public List<String> names() {
            return Arrays.stream(type.getEnumConstants()).map(Choice::written).toList();
        }

        /// A constant as written in a recipe.
        public static String written(Object constant) {
            return constant.toString().toLowerCase(Locale.ROOT);
        }
    }

    /// A sealed interface of records, picked by the key `mode`.
    ///
    /// @param sections by the name of their mode, in the order they are declared
    record Modes(Map<String, Section> sections) implements SettingType {
        @Override
        public String label() {
            return "one of " + String.join(", ", sections.keySet());
        }
    }

    /// The settings type for the Java type of a record component, `Optional` already taken off.
    ///
    /// @throws IllegalStateException if no key can have this type
    static SettingType of(Type type) {
        if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
            return list.getActualTypeArguments()[0] == Path.class ? new Locations() : new TextList();
        }
        if (type instanceof ParameterizedType map
                && map.getRawType() == Map.class
                && of(map.getActualTypeArguments()[1]) instanceof Leaf number
                && (number instanceof Whole || number instanceof Real)) {
            return new Numbers(number);
        }
        if (type == int.class || type == Integer.class) {
            return new Whole(Integer.MAX_VALUE);
        } else if (type == long.class || type == Long.class) {
            return new Whole(Long.MAX_VALUE);
        } else if (type == double.class || type == Double.class) {
            return new Real(false);
        } else if (type == float.class || type == Float.class) {
            return new Real(true);
        } else if (type == boolean.class || type == Boolean.class) {
            return new Flag();
        } else if (type == String.class) {
            return new Text();
        } else if (type == Path.class) {
            return new Location();
        } else if (type instanceof Class<?> named) {
            return ofClass(named);
        }
        throw new IllegalStateException("settings: no key can be a " + type.getTypeName());
    }

    private static SettingType ofClass(Class<?> type) {
        if (type.isEnum()) {
            return new Choice(type);
        } else if (type.isRecord()) {
            return Section.of(type.asSubclass(Record.class));
        } else if (type.isSealed()) {
            Map<String, Section> sections = new LinkedHashMap<>();
            for (Class<?> option : type.getPermittedSubclasses()) {
                Mode mode = option.getAnnotation(Mode.class);
                if (mode == null) {
                    throw new IllegalStateException("settings: " + option.getName() + " needs a @Mode");
                }
                sections.put(mode.value(), Section.of(option.asSubclass(Record.class)));
            }
            return new Modes(sections);
        }
        throw new IllegalStateException("settings: no key can be a " + type.getName());
    }
}
