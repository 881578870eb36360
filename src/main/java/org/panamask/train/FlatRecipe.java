package org.panamask.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.panamask.config.Binder;
import org.panamask.config.Bound;
import org.panamask.config.Place;
import org.panamask.config.Problem;
import org.panamask.config.Tree;

/// A flat recipe of LLaMA-Factory, stages `ddm` and `ddm-sft`, carried over to a nested one.
///
/// @param text the nested recipe: the keys that were written, and those whose defaults differ
/// @param notes what became of the keys that do not stand in it as they were
public record FlatRecipe(String text, List<FlatNote> notes) {
    /// Copies the list.
    public FlatRecipe {
        notes = List.copyOf(notes);
    }

    /// Reads `file`.
    ///
    /// @throws RecipeException if a key is not known, a value is not what its key takes, or what every run needs is
    ///     missing; the problems have the lines of `file`
    public static FlatRecipe read(Path file) {
        Path absolute = file.toAbsolutePath().normalize();
        Path folder = Optional.ofNullable(absolute.getParent()).orElse(absolute);
        String source =
                Optional.ofNullable(absolute.getFileName()).orElse(absolute).toString();
        return parse(RecipeReader.text(absolute, new Place(source, 0, folder)), source, folder);
    }

    /// Reads a flat recipe from text; `source` names it in messages and `folder` is where its relative paths are
    /// looked up.
    ///
    /// @throws RecipeException as [#read] does
    public static FlatRecipe parse(String text, String source, Path folder) {
        List<Problem> problems = new ArrayList<>();
        Optional<Tree> written = YamlTree.ofFile(text, source, folder, problems);
        refuse(problems);
        if (!(written.orElse(new Tree.Mapping(Map.of(), new Place(source, 1, folder))) instanceof Tree.Mapping flat)) {
            throw new RecipeException(List.of(new Problem(
                    new Place(source, 1, folder), "a flat recipe is lines such as 'stage: ddm-sft', but got a list")));
        }
        FlatReading reading = new FlatReading(flat);
        reading.take(keys());
        refuse(reading.problems());
        Bound<Recipe> bound = Binder.bind(Recipe.class, nested(reading));
        refuse(bound.problems());
        return new FlatRecipe(
                FlatText.of(source, reading.nested()),
                reading.notes().stream()
                        .sorted((a, b) -> Integer.compare(order(a), order(b)))
                        .toList());
    }

    private static int order(FlatNote note) {
        return note.place().line() > 0 ? note.place().line() : Integer.MAX_VALUE;
    }

    private static void refuse(List<Problem> problems) {
        if (!problems.isEmpty()) {
            throw new RecipeException(problems);
        }
    }

    /// Whether nothing in it was refused.
    public boolean isWhole() {
        return notes.stream().noneMatch(note -> note.fate() == FlatNote.Fate.REFUSED);
    }

    private static Tree nested(FlatReading reading) {
        Map<String, Tree.Entry> groups = new LinkedHashMap<>();
        Map<String, Map<String, Tree.Entry>> inner = new LinkedHashMap<>();
        reading.nested().forEach((path, value) -> {
            int dot = path.indexOf('.');
            Tree.Entry entry = new Tree.Entry(value.place(), value);
            if (dot < 0) {
                groups.put(path, entry);
            } else {
                inner.computeIfAbsent(path.substring(0, dot), _ -> new LinkedHashMap<>())
                        .put(path.substring(dot + 1), entry);
            }
        });
        inner.forEach((group, keys) ->
                groups.put(group, new Tree.Entry(reading.place(), new Tree.Mapping(keys, reading.place()))));
        return new Tree.Mapping(groups, reading.place());
    }

    static List<FlatKey> keys() {
        return groups().values().stream().flatMap(List::stream).toList();
    }

    private static Map<String, List<FlatKey>> groups() {
        Map<String, List<FlatKey>> groups = new LinkedHashMap<>();
        groups.put("Model", FlatModelKeys.model());
        groups.put("Method", FlatModelKeys.method());
        groups.put("Data", FlatModelKeys.data());
        groups.put("Output", FlatRunKeys.output());
        groups.put("Training", FlatRunKeys.train());
        groups.put("Evaluation", FlatRunKeys.evaluation());
        return groups;
    }

    /// The names of the keys that are understood.
    public static List<String> names() {
        return keys().stream().map(FlatKey::name).toList();
    }

    /// The table of keys, as a page in Markdown.
    public static String markdown() {
        return """
                # Recipes of LLaMA-Factory

                `panamask recipe --from FILE` carries a flat recipe of the stages `ddm` and `ddm-sft` over to a nested one. The
                recipe goes to standard output; every key that does not stand in it as it was goes to standard error, with its
                line and a reason. A key that is not in this table is an error. Generated from the code that reads them.

                """ + groups().entrySet().stream().map(FlatRecipe::table).collect(Collectors.joining("\n"));
    }

    private static String table(Map.Entry<String, List<FlatKey>> group) {
        return Stream.concat(
                        Stream.of(
                                "## " + group.getKey(),
                                "",
                                "| Key | Becomes | When left out | How |",
                                "|---|---|---|---|"),
                        group.getValue().stream()
                                .map(key -> "| `%s` | %s | %s | %s |"
                                        .formatted(key.name(), code(key.target()), code(key.theirs()), key.meaning())))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    private static String code(String text) {
        return text.isEmpty() ? "" : "`" + text + "`";
    }
}
