package org.panamask.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Turns single values into what their keys take, by the rules of YAML 1.2: `5e-5` is a number, `yes` is text.
final class LeafValues {
    private static final Pattern WHOLE = Pattern.compile("[-+]?\\d+");
    private static final Pattern REAL = Pattern.compile("[-+]?(\\.\\d+|\\d+(\\.\\d*)?)([eE][-+]?\\d+)?");

    private LeafValues() {}

    /// The value of a tree as `type`; empty if it is none.
    static Optional<Object> read(SettingType.Leaf type, Tree tree) {
        return switch (type) {
            case SettingType.TextList _ -> tree instanceof Tree.Items list ? texts(list) : Optional.empty();
            case SettingType.Whole whole -> scalar(tree, WHOLE).flatMap(text -> whole(whole, text));
            case SettingType.Real real -> scalar(tree, REAL).flatMap(text -> real(real, text));
            case SettingType.Flag _ -> flag(tree);
            case SettingType.Text _ -> text(tree);
            case SettingType.Location _ -> text(tree).flatMap(text -> location(String.valueOf(text), tree.place()));
            case SettingType.Locations _ -> locations(tree);
            case SettingType.Numbers numbers ->
                tree instanceof Tree.Mapping mapping ? numbers(numbers, mapping) : Optional.empty();
            case SettingType.Choice choice -> text(tree).flatMap(text -> constant(choice, String.valueOf(text)));
        };
    }

    /// Why `tree` is not a value of `type`, as the end of a sentence that starts with the key.
    static String refusal(SettingType.Leaf type, Tree tree) {
        String but = ", but got " + tree.shown();
        if (type instanceof SettingType.Whole whole && scalar(tree, WHOLE).isPresent()) {
            return "must be a whole number of at most " + whole.most() + but;
        }
        if (type instanceof SettingType.Real && scalar(tree, REAL).isPresent()) {
            return "must be a number that fits" + but;
        }
        if (type instanceof SettingType.Numbers numbers && tree instanceof Tree.Mapping mapping) {
            return mapping.entries().entrySet().stream()
                    .filter(entry ->
                            read(numbers.number(), entry.getValue().value()).isEmpty())
                    .map(entry -> "." + entry.getKey() + " "
                            + refusal(numbers.number(), entry.getValue().value()))
                    .findFirst()
                    .orElse("must be " + type.label() + but);
        }
        if (type instanceof SettingType.Choice choice && tree instanceof Tree.Scalar scalar) {
            return "must be " + choice.label() + but + hint(scalar.text(), choice.names());
        }
        return "must be " + type.label() + but;
    }

    /// The question after a misspelt word; empty if no known one is near.
    static String hint(String word, List<String> known) {
        return Nearest.of(word, known)
                .map(near -> ", did you mean '" + near + "'?")
                .orElse("");
    }

    /// A value that stands in for a broken one, so that the rest of its section can still be checked.
    static Object standIn(SettingType.Leaf type) {
        return switch (type) {
            case SettingType.TextList _ -> List.of("x");
            case SettingType.Whole whole -> whole.most() == Integer.MAX_VALUE ? (Object) 1 : (Object) 1L;
            case SettingType.Real real -> real.single() ? (Object) 0.5f : (Object) 0.5;
            case SettingType.Flag _ -> false;
            case SettingType.Text _ -> "x";
            case SettingType.Location _ -> Path.of("x");
            case SettingType.Locations _ -> List.of(Path.of("x"));
            case SettingType.Numbers _ -> Map.of();
            case SettingType.Choice choice -> choice.type().getEnumConstants()[0];
        };
    }

    private static Optional<String> scalar(Tree tree, Pattern form) {
        return tree instanceof Tree.Scalar scalar
                        && !scalar.quoted()
                        && form.matcher(scalar.text()).matches()
                ? Optional.of(scalar.text())
                : Optional.empty();
    }

    private static Optional<Object> whole(SettingType.Whole type, String text) {
        try {
            long value = Long.parseLong(text);
            if (type.most() == Long.MAX_VALUE) {
                return Optional.of(value);
            }
            return (int) value == value ? Optional.of((int) value) : Optional.empty();
        } catch (NumberFormatException _) {
            return Optional.empty();
        }
    }

    private static Optional<Object> real(SettingType.Real type, String text) {
        double value = Double.parseDouble(text);
        if (type.single()) {
            return Float.isFinite((float) value) ? Optional.of((float) value) : Optional.empty();
        }
        return Double.isFinite(value) ? Optional.of(value) : Optional.empty();
    }

    private static Optional<Object> flag(Tree tree) {
        if (!(tree instanceof Tree.Scalar scalar) || scalar.quoted()) {
            return Optional.empty();
        }
        return switch (scalar.text()) {
            case "true", "True", "TRUE" -> Optional.of(true);
            case "false", "False", "FALSE" -> Optional.of(false);
            default -> Optional.empty();
        };
    }

    private static Optional<Object> text(Tree tree) {
        return tree instanceof Tree.Scalar scalar && !scalar.isNull() ? Optional.of(scalar.text()) : Optional.empty();
    }

    private static Optional<Object> texts(Tree.Items list) {
        List<String> texts = new ArrayList<>();
        for (Tree item : list.items()) {
            Optional<Object> text = text(item);
            if (text.isEmpty()) {
                return Optional.empty();
            }
            texts.add(String.valueOf(text.get()));
        }
        return Optional.of(List.copyOf(texts));
    }

    private static Optional<Object> location(String text, Place place) {
        try {
            return text.isBlank()
                    ? Optional.empty()
                    : Optional.of(place.folder().resolve(Path.of(text)).normalize());
        } catch (InvalidPathException _) {
            return Optional.empty();
        }
    }

    private static Optional<Object> locations(Tree tree) {
        List<Tree> items = tree instanceof Tree.Items list ? list.items() : List.of(tree);
        List<Object> paths = new ArrayList<>();
        for (Tree item : items) {
            Optional<Object> path = text(item).flatMap(text -> location(String.valueOf(text), item.place()));
            if (path.isEmpty()) {
                return Optional.empty();
            }
            paths.add(path.get());
        }
        return Optional.of(List.copyOf(paths));
    }

    private static Optional<Object> numbers(SettingType.Numbers type, Tree.Mapping mapping) {
        Map<String, Object> numbers = new LinkedHashMap<>();
        for (Map.Entry<String, Tree.Entry> entry : mapping.entries().entrySet()) {
            Optional<Object> number = read(type.number(), entry.getValue().value());
            if (number.isEmpty()) {
                return Optional.empty();
            }
            numbers.put(entry.getKey(), number.get());
        }
        return Optional.of(Collections.unmodifiableMap(numbers));
    }

    private static Optional<Object> constant(SettingType.Choice choice, String text) {
        String name = text.replace('-', '_').toLowerCase(Locale.ROOT);
        for (Object constant : choice.type().getEnumConstants()) {
            if (SettingType.Choice.written(constant).equals(name)) {
                return Optional.of(constant);
            }
        }
        return Optional.empty();
    }
}
