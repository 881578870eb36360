package org.panamask.train;

import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.panamask.config.Tree;

/// Writes what a flat recipe became.
final class FlatText {
    private static final Pattern BARE =
            Pattern.compile("true|false|[-+]?(?:\\.\\d+|\\d+(?:\\.\\d*)?)(?:[eE][-+]?\\d+)?");

    private FlatText() {}

    /// The keys of `nested`, by path, in the order of a recipe.
    static String of(String source, Map<String, Tree> nested) {
        StringBuilder out = new StringBuilder("# From " + source.replaceAll("\\p{Cntrl}", "?")
                + ". Relative paths start at the folder of this file.\n");
        Set<String> headings = new HashSet<>();
        inOrder(nested).forEach((path, value) -> {
            int dot = path.indexOf('.');
            if (dot > 0 && headings.add(path.substring(0, dot))) {
                out.append(path, 0, dot).append(":\n");
            }
            out.append(dot > 0 ? "  " : "").append(path.substring(dot + 1)).append(": ");
            out.append(shown(value)).append('\n');
        });
        return out.toString();
    }

    private static Map<String, Tree> inOrder(Map<String, Tree> nested) {
        List<String> paths = RecipeReference.rows().stream()
                .map(RecipeReference.Row::key)
                .distinct()
                .toList();
        Map<String, Tree> sorted = new LinkedHashMap<>();
        nested.entrySet().stream()
                .sorted(Comparator.comparingInt(entry -> paths.indexOf(entry.getKey())))
                .forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
        return sorted;
    }

    private static String shown(Tree value) {
        return switch (value) {
            case Tree.Scalar scalar ->
                !scalar.quoted() && BARE.matcher(scalar.text()).matches()
                        ? scalar.text()
                        : RecipeWriter.quoted(scalar.text());
            case Tree.Items items ->
                items.items().stream().map(FlatText::shown).collect(Collectors.joining(", ", "[", "]"));
            case Tree.Mapping mapping -> throw new IllegalStateException("flat recipe: a value is a group: " + mapping);
        };
    }
}
