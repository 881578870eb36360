package org.panamask.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.panamask.config.Nearest;
import org.panamask.config.Place;
import org.panamask.config.Problem;
import org.panamask.config.Section;
import org.panamask.config.Setting;
import org.panamask.config.SettingType;
import org.panamask.config.Tree;

/// A flat recipe while it is being carried over.
final class FlatReading {
    private static final List<String> NEEDED = List.of("model_name_or_path", "stage", "dataset", "output_dir");

    private final Tree.Mapping flat;
    private final Map<String, Tree> nested = new LinkedHashMap<>();
    private final List<FlatNote> notes = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();

    FlatReading(Tree.Mapping flat) {
        this.flat = flat;
    }

    /// Takes every key of `keys` that is there, or whose default differs, and reports the keys that nobody knows.
    void take(List<FlatKey> keys) {
        List<String> names = keys.stream().map(FlatKey::name).toList();
        flat.entries().forEach((name, entry) -> {
            if (!names.contains(name)) {
                String near = Nearest.of(name, names)
                        .map(known -> ", did you mean '" + known + "'?")
                        .orElse("; take it out if the run does without it");
                problem(entry.place(), "unknown key '" + name + "'" + near);
            }
        });
        for (String name : NEEDED) {
            if (value(name).isEmpty()) {
                problem(flat.place(), name + " is missing");
            }
        }
        takeEach(keys);
        if (!nested.containsKey("train.max_steps")) {
            // The pinned trainer of the fork carries left-over micro-batches of an epoch into the next.
            nested.put("train.step_count", new Tree.Scalar("floor", false, flat.place()));
            leftOut("step count", "train.step_count: floor, as their pinned trainer counts");
        }
    }

    private void takeEach(List<FlatKey> keys) {
        for (FlatKey key : keys) {
            Optional<Tree.Entry> entry = entry(key.name());
            if (entry.isPresent()) {
                key.rule().take(this, key, entry.get());
            } else if (!key.theirs().isEmpty()) {
                Tree.Scalar theirs = new Tree.Scalar(key.theirs(), false, flat.place());
                int before = nested.size();
                key.rule().take(this, key, new Tree.Entry(flat.place(), theirs));
                if (nested.size() > before) {
                    leftOut(key.name(), key.theirs());
                }
            }
        }
    }

    private void leftOut(String key, String value) {
        Place file = new Place(flat.place().source(), 0, flat.place().folder());
        notes.add(new FlatNote(FlatNote.Fate.LEFT_OUT, key, file, value));
    }

    /// What was written under `name`; a key without a value or with null is not there.
    private Optional<Tree.Entry> entry(String name) {
        return Optional.ofNullable(flat.entries().get(name))
                .filter(entry ->
                        !(entry.value() instanceof Tree.Scalar scalar) || !scalar.isNull() && !scalar.isMissing());
    }

    /// The value of the flat key `name`.
    Optional<Tree> value(String name) {
        return entry(name).map(Tree.Entry::value);
    }

    /// Whether the flat key `name` has the value `text`.
    boolean has(String name, String text) {
        return value(name)
                .filter(tree ->
                        tree instanceof Tree.Scalar scalar && scalar.text().equals(text))
                .isPresent();
    }

    /// Whether the nested key `path` takes the word `choice`.
    static boolean takes(String path, String choice) {
        int dot = path.indexOf('.');
        return Section.of(Recipe.class)
                .find(path.substring(0, dot))
                .map(Setting::type)
                .filter(type -> type instanceof Section section
                        && section.find(path.substring(dot + 1))
                                .filter(setting -> setting.type() instanceof SettingType.Choice words
                                        && words.names().contains(choice))
                                .isPresent())
                .isPresent();
    }

    /// Puts a value under a nested key.
    void set(String path, Tree value) {
        nested.put(path, value);
    }

    /// Puts a value under a nested key, at the place of `entry`.
    void set(String path, String value, Tree.Entry entry) {
        nested.put(path, new Tree.Scalar(value, false, entry.value().place()));
    }

    /// Says what became of a key.
    void note(FlatNote.Fate fate, FlatKey key, Tree.Entry entry, String reason) {
        notes.add(new FlatNote(fate, key.name(), entry.place(), reason));
    }

    /// Reports a value that its key cannot have.
    void wrong(FlatKey key, Tree.Entry entry, String rule) {
        problem(
                entry.place(),
                key.name() + " must be " + rule + ", but got " + entry.value().shown());
    }

    private void problem(Place place, String message) {
        problems.add(new Problem(place, message));
    }

    Map<String, Tree> nested() {
        return nested;
    }

    List<FlatNote> notes() {
        return notes;
    }

    List<Problem> problems() {
        return problems;
    }

    Place place() {
        return flat.place();
    }
}
