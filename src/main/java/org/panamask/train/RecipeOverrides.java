package org.panamask.train;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.panamask.config.Place;
import org.panamask.config.Problem;
import org.panamask.config.Section;
import org.panamask.config.Setting;
import org.panamask.config.SettingType;
import org.panamask.config.Tree;

/// Lays `key=value` arguments over a recipe. Relative paths in them start at the working folder.
final class RecipeOverrides {
    private static final Section ROOT = Section.of(Recipe.class);

    private RecipeOverrides() {}

    /// The tree with every override laid over it; problems go to `problems`.
    static Tree apply(Tree recipe, List<String> overrides, List<Problem> problems) {
        Tree result = recipe;
        for (String override : overrides) {
            Path folder = Path.of("").toAbsolutePath();
            Place place = new Place(override, 0, folder);
            int equals = override.indexOf('=');
            if (equals < 1) {
                problems.add(new Problem(place, "an override is key=value, such as train.learning_rate=1e-4"));
                continue;
            }
            Optional<Tree> value = YamlTree.ofOverride(override.substring(equals + 1), override, folder, problems);
            List<String> path = List.of(override.substring(0, equals).strip().split("\\.", -1));
            Tree written = value.orElse(new Tree.Scalar("", false, place));
            result = set(result, path, new Tree.Entry(place, written), Optional.of(ROOT));
        }
        return result;
    }

    private static Tree set(Tree tree, List<String> path, Tree.Entry value, Optional<SettingType> type) {
        Map<String, Tree.Entry> entries = new LinkedHashMap<>();
        switch (tree) {
            case Tree.Mapping mapping -> entries.putAll(mapping.entries());
            case Tree.Scalar scalar
            when !scalar.isNull() && !scalar.isMissing() ->
                shorthand(type).ifPresent(key -> entries.put(key, new Tree.Entry(scalar.place(), scalar)));
            case Tree.Scalar _, Tree.Items _ -> {}
        }
        String key = path.getFirst();
        Tree.Entry before = entries.get(key);
        if (path.size() == 1) {
            entries.put(key, value);
        } else {
            Tree inner = before == null ? new Tree.Mapping(Map.of(), value.place()) : before.value();
            Place place = before == null ? value.place() : before.place();
            Tree changed = set(inner, path.subList(1, path.size()), value, type.flatMap(outer -> inner(outer, key)));
            entries.put(key, new Tree.Entry(place, changed));
        }
        return new Tree.Mapping(entries, tree.place());
    }

    private static Optional<SettingType> inner(SettingType outer, String key) {
        return outer instanceof Section section ? section.find(key).map(Setting::type) : Optional.empty();
    }

    /// The key that a single value in place of a group stands for.
    private static Optional<String> shorthand(Optional<SettingType> type) {
        return type.flatMap(known -> switch (known) {
            case Section section -> section.shorthand().map(Setting::name);
            case SettingType.Modes _ -> Optional.of("mode");
            case SettingType.Leaf _ -> Optional.empty();
        });
    }
}
