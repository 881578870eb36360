package org.panamask.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Fills settings records from a written tree. It goes on after each problem, so that one reading finds them all.
public final class Binder {
    /// Stands for a value that could not be made; its section cannot be made either.
    private static final Object BROKEN = new Object();

    private final List<String> allPaths;
    private final List<Problem> problems = new ArrayList<>();
    private final Map<String, Place> places = new LinkedHashMap<>();

    private Binder(Section root) {
        this.allPaths = paths(root, "");
    }

    /// Fills a record of class `type` from `tree`.
    ///
    /// @param type the record class of the whole tree
    /// @param <T> the same
    /// @param tree what was written
    /// @return the record or what kept it from being made
    public static <T extends Record> Bound<T> bind(Class<T> type, Tree tree) {
        Section root = Section.of(type);
        Binder binder = new Binder(root);
        Optional<T> value = binder.section(root, tree, "", Map.of()).map(type::cast);
        Comparator<Problem> byPlace = Comparator.comparingInt(
                problem -> problem.place().line() > 0 ? problem.place().line() : Integer.MAX_VALUE);
        return new Bound<>(value, binder.problems.stream().sorted(byPlace).toList(), Map.copyOf(binder.places));
    }

    /// Reads a default as written in [Key#value()]: one value, `[a, b]`, or `{}`.
    static Tree written(String text, Place place) {
        if (text.equals("{}")) {
            return new Tree.Mapping(Map.of(), place);
        }
        if (!text.startsWith("[")) {
            return new Tree.Scalar(text, false, place);
        }
        List<Tree> items = Stream.of(text.substring(1, text.length() - 1).split(","))
                .map(String::strip)
                .filter(item -> !item.isEmpty())
                .<Tree>map(item -> new Tree.Scalar(item, false, place))
                .toList();
        return new Tree.Items(items, place);
    }

    private static List<String> paths(Section section, String prefix) {
        List<String> paths = new ArrayList<>();
        for (Setting setting : section.settings()) {
            String path = prefix + setting.name();
            switch (setting.type()) {
                case Section inner -> paths.addAll(paths(inner, path + "."));
                case SettingType.Modes modes ->
                    modes.sections().values().forEach(inner -> paths.addAll(paths(inner, path + ".")));
                case SettingType.Leaf _ -> paths.add(path);
            }
        }
        return paths.stream().distinct().toList();
    }

    private Optional<Record> section(Section section, Tree tree, String path, Map<String, String> elsewhere) {
        Tree.Mapping mapping;
        switch (tree) {
            case Tree.Mapping written -> mapping = written;
            case Tree.Scalar scalar
            when section.shorthand().isPresent() && !scalar.isNull() ->
                mapping = only(section.shorthand().get().name(), scalar);
            case Tree.Scalar scalar -> {
                problem(scalar.place(), path, "must be a group of keys, but got " + scalar.shown());
                return Optional.empty();
            }
            case Tree.Items items -> {
                problem(items.place(), path, "must be a group of keys, but got a list");
                return Optional.empty();
            }
        }
        mapping = new AliasNames(section, path).resolve(mapping, problems);
        Set<String> broken = new HashSet<>(unknownKeys(section, mapping, path, elsewhere));
        List<Object> values = new ArrayList<>();
        for (Setting setting : section.settings()) {
            values.add(setting(setting, mapping, path, broken));
        }
        return values.contains(BROKEN) ? Optional.empty() : create(section, values, mapping, path, broken);
    }

    private static Tree.Mapping only(String key, Tree.Scalar scalar) {
        return new Tree.Mapping(Map.of(key, new Tree.Entry(scalar.place(), scalar)), scalar.place());
    }

    /// Reports unknown keys and returns the known ones they probably stand for.
    private Set<String> unknownKeys(Section section, Tree.Mapping mapping, String path, Map<String, String> elsewhere) {
        Set<String> meant = new HashSet<>();
        mapping.entries().forEach((key, entry) -> {
            if (section.find(key).isPresent()) {
                return;
            }
            String mode = elsewhere.get(key);
            if (mode != null) {
                problems.add(new Problem(entry.place(), join(path, key) + " is a key of mode " + mode));
                return;
            }
            Optional<String> refusal = section.refusal(key);
            if (refusal.isPresent()) {
                problems.add(new Problem(entry.place(), join(path, key) + " is not taken: " + refusal.get()));
                return;
            }
            Optional<String> near = suggestion(key, section.names());
            near.ifPresent(meant::add);
            String hint = near.map(name -> ", did you mean '" + name + "'?")
                    .orElse("; known here: " + String.join(", ", section.names()));
            problems.add(new Problem(entry.place(), "unknown key '" + key + "'" + hint));
        });
        return meant;
    }

    /// The nearest key of this section, unless one elsewhere is nearer; that one comes with its full path.
    private Optional<String> suggestion(String key, List<String> here) {
        Optional<String> near = Nearest.of(key, here);
        int found = near.map(name -> Nearest.distance(key, name)).orElse(Integer.MAX_VALUE);
        return allPaths.stream()
                .filter(path -> Nearest.distance(key, last(path)) < Math.min(found, Nearest.tolerance(key) + 1))
                .min(Comparator.comparingInt(path -> Nearest.distance(key, last(path))))
                .or(() -> near);
    }

    private static String last(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    private Object setting(Setting setting, Tree.Mapping mapping, String path, Set<String> broken) {
        Tree.Entry entry = mapping.entries().get(setting.name());
        String name = join(path, setting.name());
        int before = problems.size();
        Object value;
        if (entry == null) {
            value = absent(setting, mapping.place(), path, broken);
        } else {
            places.put(name, entry.place());
            value = present(setting, entry, name);
        }
        if (problems.size() > before) {
            broken.add(setting.name());
        }
        return value;
    }

    private Object present(Setting setting, Tree.Entry entry, String name) {
        if (entry.value() instanceof Tree.Scalar scalar) {
            if (scalar.isMissing()) {
                problem(entry.place(), name, "has no value; give one or leave the key out");
                return standIn(setting);
            }
            if (setting.optional() && scalar.isNull()) {
                return Optional.empty();
            }
        }
        Object value = switch (setting.type()) {
            case SettingType.Leaf leaf -> leaf(setting, leaf, entry.value(), name);
            case Section section ->
                section(section, entry.value(), name, Map.of())
                        .map(Object.class::cast)
                        .orElse(BROKEN);
            case SettingType.Modes modes -> modes(setting, modes, entry.value(), name);
        };
        return !value.equals(BROKEN) && setting.optional() && !(value instanceof Optional) ? Optional.of(value) : value;
    }

    private Object leaf(Setting setting, SettingType.Leaf type, Tree tree, String name) {
        return LeafValues.read(type, tree).orElseGet(() -> {
            problem(tree.place(), name, LeafValues.refusal(type, tree));
            return standIn(setting);
        });
    }

    private Object modes(Setting setting, SettingType.Modes modes, Tree tree, String name) {
        Map<String, Tree.Entry> rest = new LinkedHashMap<>();
        Tree mode = tree;
        if (tree instanceof Tree.Mapping mapping) {
            rest.putAll(mapping.entries());
            Tree.Entry entry = rest.remove("mode");
            mode = entry != null
                    ? entry.value()
                    : new Tree.Scalar(setting.defaultText().orElse(""), false, tree.place());
        }
        Section section = mode instanceof Tree.Scalar scalar ? modes.sections().get(scalar.text()) : null;
        if (section == null) {
            List<String> names = List.copyOf(modes.sections().keySet());
            String hint = mode instanceof Tree.Scalar scalar ? LeafValues.hint(scalar.text(), names) : "";
            problem(mode.place(), name + ".mode", "must be " + modes.label() + ", but got " + mode.shown() + hint);
            return BROKEN;
        }
        Map<String, String> elsewhere = new LinkedHashMap<>();
        modes.sections()
                .forEach((other, keys) -> keys.settings().forEach(key -> {
                    elsewhere.putIfAbsent(key.name(), other);
                    key.aliases().forEach(alias -> elsewhere.putIfAbsent(alias.name(), other));
                }));
        return section(section, new Tree.Mapping(rest, tree.place()), name, elsewhere)
                .map(Object.class::cast)
                .orElse(BROKEN);
    }

    private Object absent(Setting setting, Place place, String path, Set<String> broken) {
        if (setting.optional()) {
            return Optional.empty();
        }
        if (setting.defaultText().isPresent()) {
            return standIn(setting, place.folder());
        }
        String name = join(path, setting.name());
        if (setting.type() instanceof Section section && !broken.contains(setting.name())) {
            return section(section, new Tree.Mapping(Map.of(), place), name, Map.of())
                    .map(Object.class::cast)
                    .orElse(BROKEN);
        }
        if (!broken.contains(setting.name())) {
            problem(place, name, "is missing: " + setting.doc());
        }
        return standIn(setting);
    }

    /// The default of a key, or where it has none, anything its type takes.
    private Object standIn(Setting setting) {
        return standIn(setting, Path.of(""));
    }

    /// The same, with a default that is a relative path starting at `folder`.
    private Object standIn(Setting setting, Path folder) {
        if (setting.optional()) {
            return Optional.empty();
        }
        if (setting.defaultText().isPresent()) {
            Place place = new Place("the default of " + setting.name(), 0, folder.toAbsolutePath());
            Tree tree = written(setting.defaultText().get(), place);
            return switch (setting.type()) {
                case SettingType.Leaf leaf -> leaf(setting, leaf, tree, setting.name());
                case Section section ->
                    section(section, tree, setting.name(), Map.of())
                            .map(Object.class::cast)
                            .orElse(BROKEN);
                case SettingType.Modes modes -> modes(setting, modes, tree, setting.name());
            };
        }
        return setting.type() instanceof SettingType.Leaf leaf ? LeafValues.standIn(leaf) : BROKEN;
    }

    /// Makes the record. A refused value is reported, replaced by its default, and the making tried again, so that
    /// several values out of range are all found.
    private Optional<Record> create(
            Section section, List<Object> values, Tree.Mapping mapping, String path, Set<String> broken) {
        while (true) {
            try {
                return Optional.of(section.create(values));
            } catch (SettingException refused) {
                int index = section.names().indexOf(refused.key());
                if (index >= 0 && broken.contains(refused.key())) {
                    return Optional.empty();
                }
                Tree.Entry entry = mapping.entries().get(refused.key());
                Place place = entry != null ? entry.value().place() : mapping.place();
                problems.add(new Problem(place, join(path, String.valueOf(refused.getMessage()))));
                if (index < 0) {
                    return Optional.empty();
                }
                broken.add(refused.key());
                values.set(index, standIn(section.settings().get(index)));
                if (values.contains(BROKEN)) {
                    return Optional.empty();
                }
            }
        }
    }

    private void problem(Place place, String path, String message) {
        String between = path.isEmpty() || message.startsWith(".") ? "" : " ";
        problems.add(new Problem(place, path + between + message));
    }

    private static String join(String path, String key) {
        return path.isEmpty() ? key : path + "." + key;
    }
}
