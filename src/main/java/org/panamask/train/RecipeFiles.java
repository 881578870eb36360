package org.panamask.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.panamask.config.Place;
import org.panamask.config.Problem;

/// Checks that what a recipe starts from is there, before anything is loaded.
final class RecipeFiles {
    private final Map<String, Place> places;
    private final List<Problem> known;
    private final List<Problem> problems = new ArrayList<>();

    private RecipeFiles(Map<String, Place> places, List<Problem> known) {
        this.places = places;
        this.known = known;
    }

    /// What is missing. A path that `known` already complains about is not looked at.
    static List<Problem> problems(Recipe recipe, Map<String, Place> places, List<Problem> known) {
        RecipeFiles files = new RecipeFiles(places, known);
        files.folder("model.path", recipe.model().path());
        recipe.model().adapter().forEach(path -> files.folder("model.adapter", path));
        recipe.model().tokenizer().ifPresent(path -> files.either("model.tokenizer", path));
        recipe.data().train().ifPresent(path -> files.file("data.train", path));
        if (!recipe.data().dataset().isEmpty() || !recipe.data().evalDataset().isEmpty()) {
            files.file("data.dataset_dir", recipe.data().datasetDir().resolve("dataset_info.json"));
        }
        recipe.data().validation().ifPresent(path -> files.file("data.validation", path));
        files.output(recipe.output());
        return files.problems;
    }

    private void folder(String key, Path path) {
        if (!Files.exists(path)) {
            missing(key, "no such folder: ", path);
        } else if (!Files.isDirectory(path)) {
            report(key, "must be a folder, but " + path + " is a file");
        }
    }

    private void file(String key, Path path) {
        if (!Files.exists(path)) {
            missing(key, "no such file: ", path);
        } else if (Files.isDirectory(path)) {
            report(key, "must be a file, but " + path + " is a folder");
        }
    }

    private void either(String key, Path path) {
        if (!Files.exists(path)) {
            missing(key, "no such file or folder: ", path);
        }
    }

    private void output(Path path) {
        if (Files.exists(path) && !Files.isDirectory(path)) {
            report("output", "must be a folder, but " + path + " is a file");
        }
    }

    private void missing(String key, String what, Path path) {
        Optional<Place> place = place(key);
        String hint = place.filter(found -> path.startsWith(found.folder()))
                .map(found -> found.line() > 0
                        ? "; relative paths start at the folder of " + found.source()
                        : "; relative paths of an override start at the working folder")
                .orElse("");
        place.ifPresent(found -> add(found, key, key + ": " + what + path + hint));
    }

    private void report(String key, String message) {
        place(key).ifPresent(found -> add(found, key, key + " " + message));
    }

    private void add(Place place, String key, String message) {
        if (known.stream().noneMatch(problem -> problem.message().startsWith(key))) {
            problems.add(new Problem(place, message));
        }
    }

    /// The place of a key, or of the group that a single value stands for.
    private Optional<Place> place(String key) {
        int dot = key.indexOf('.');
        return Optional.ofNullable(places.get(key))
                .or(() -> Optional.ofNullable(dot < 0 ? null : places.get(key.substring(0, dot))));
    }
}
