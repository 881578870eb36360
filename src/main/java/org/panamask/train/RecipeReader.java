package org.panamask.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.panamask.config.Binder;
import org.panamask.config.Bound;
import org.panamask.config.ByteSize;
import org.panamask.config.Place;
import org.panamask.config.Problem;
import org.panamask.config.Tree;

/// Reads recipes. Every problem of a file and of the overrides laid over it is found in one reading.
public final class RecipeReader {
    private static final int LARGEST_BYTES = 1 << 20;

    private RecipeReader() {}

    /// Reads a recipe, with overrides such as `train.learning_rate=1e-4` laid over it. Relative paths in the file
    /// start at its folder, those in overrides at the working folder. Nobody looks whether the files it names are
    /// there.
    ///
    /// @throws RecipeException if anything in it is wrong
    public static Recipe read(Path file, List<String> overrides) {
        Reading reading = reading(file, overrides);
        return finish(reading.bound(), reading.problems());
    }

    /// Reads a recipe as [#read(Path, List)] does and also checks that the files and folders it starts from are
    /// there.
    ///
    /// @throws RecipeException if anything in it is wrong or missing
    public static Recipe readChecked(Path file, List<String> overrides) {
        Reading reading = reading(file, overrides);
        reading.bound()
                .value()
                .ifPresent(recipe -> reading.problems()
                        .addAll(RecipeFiles.problems(recipe, reading.bound().places(), reading.problems())));
        return finish(reading.bound(), reading.problems());
    }

    /// Reads a recipe from text; `source` names it in messages and `folder` is where its relative paths start.
    ///
    /// @throws RecipeException if anything in it is wrong
    public static Recipe parse(String text, String source, Path folder) {
        Reading reading = bind(text, source, folder, List.of());
        return finish(reading.bound(), reading.problems());
    }

    private record Reading(Bound<Recipe> bound, List<Problem> problems) {}

    private static Reading reading(Path file, List<String> overrides) {
        Path absolute = file.toAbsolutePath().normalize();
        Path folder = Optional.ofNullable(absolute.getParent()).orElse(absolute);
        String source =
                Optional.ofNullable(absolute.getFileName()).orElse(absolute).toString();
        return bind(text(absolute, new Place(source, 0, folder)), source, folder, overrides);
    }

    private static Reading bind(String text, String source, Path folder, List<String> overrides) {
        List<Problem> problems = new ArrayList<>();
        Optional<Tree> written = YamlTree.ofFile(text, source, folder, problems);
        if (written.isEmpty() && !problems.isEmpty()) {
            throw new RecipeException(problems);
        }
        Tree tree = written.orElse(new Tree.Mapping(Map.of(), new Place(source, 1, folder)));
        if (!(tree instanceof Tree.Mapping)) {
            String rule = "a recipe is a group of keys such as 'model: DIR', but got ";
            throw new RecipeException(List.of(new Problem(tree.place(), rule + tree.shown())));
        }
        Bound<Recipe> bound = Binder.bind(Recipe.class, RecipeOverrides.apply(tree, overrides, problems));
        problems.addAll(bound.problems());
        return new Reading(bound, problems);
    }

    private static Recipe finish(Bound<Recipe> bound, List<Problem> problems) {
        if (!problems.isEmpty()) {
            Comparator<Problem> byLine = Comparator.comparingInt(
                    problem -> problem.place().line() > 0 ? problem.place().line() : Integer.MAX_VALUE);
            throw new RecipeException(problems.stream().sorted(byLine).toList());
        }
        return bound.value().orElseThrow();
    }

    static String text(Path file, Place place) {
        try {
            if (Files.isDirectory(file)) {
                throw refusal(place, "this is a folder, not a recipe; name the YAML file in it: " + file);
            }
            long size = Files.size(file);
            if (size > LARGEST_BYTES) {
                String rule = "a recipe has at most " + ByteSize.show(LARGEST_BYTES);
                throw refusal(place, rule + ", but this file has " + ByteSize.show(size) + "; is it the right file?");
            }
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (NoSuchFileException _) {
            throw refusal(place, "no such recipe: " + file + "; 'panamask recipe' lists the keys to write one");
        } catch (CharacterCodingException _) {
            throw refusal(place, "a recipe is UTF-8 text, but this file is not; save it as UTF-8");
        } catch (IOException e) {
            throw refusal(place, "the recipe could not be read: " + e.getMessage() + "; check its permissions");
        }
    }

    private static RecipeException refusal(Place place, String message) {
        return new RecipeException(List.of(new Problem(place, message)));
    }
}
