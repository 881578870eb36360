package org.panamask.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.panamask.data.DataException;

/// What runs leave in an output folder, for those who take it away again: names that a run writes, and nothing else.
final class EarlierRun {
    private static final List<String> RESULTS = List.of("adapter_model.safetensors", "model.safetensors");
    private static final Pattern FILES = Pattern.compile(
            "adapter_config\\.json|adapter_model\\.safetensors|config\\.json"
                    + "|model\\.safetensors|metrics\\.jsonl|loss\\.svg|panamask\\.json|latest|events\\.out\\.tfevents\\.\\d+\\.panamask");
    private static final Pattern FOLDERS = Pattern.compile("checkpoint-\\d{6,}(?:\\.partial)?|samples");
    private static final Pattern CHECKPOINT = Pattern.compile("checkpoint-\\d{6,18}");

    private EarlierRun() {}

    /// Makes room in the output folder of `recipe`, or refuses it.
    ///
    /// @throws DataException if it is refused, as [#require] says
    static void settle(Recipe recipe) {
        require(recipe);
        if (recipe.train().overwriteOutput()) {
            remove(recipe.output());
        }
    }

    /// Refuses an output folder that `recipe` cannot write into, and changes nothing.
    ///
    /// @throws DataException if it holds a result or a checkpoint and the recipe does not say to overwrite it, if
    ///     it is a folder that the run starts from, or if what the run starts from is in it and would be
    /// overwritten
    static void require(Recipe recipe) {
        requireNotSource(recipe);
        if (recipe.train().overwriteOutput()) {
            requireNoSource(recipe);
        } else {
            requireNoResult(recipe.output());
        }
    }

    /// A run that was killed leaves checkpoints and no result.
    private static void requireNoResult(Path folder) {
        Stream<Path> results = RESULTS.stream().map(folder::resolve).filter(Files::exists);
        Stream.concat(results, checkpoints(folder).stream()).findFirst().ifPresent(result -> {
            throw new DataException("output: " + folder + " must not hold the result of an earlier run, but has "
                    + result.getFileName() + "; name another folder, move it away, or set train.overwrite_output:"
                    + " true");
        });
    }

    private static Stream<Path> sources(Recipe recipe) {
        return Stream.of(
                        Stream.of(recipe.model().path()),
                        recipe.model().adapter().stream(),
                        recipe.model().tokenizer().stream())
                .flatMap(paths -> paths);
    }

    private static void requireNotSource(Recipe recipe) {
        Path output = whole(recipe.output());
        sources(recipe).filter(path -> whole(path).equals(output)).findFirst().ifPresent(path -> {
            throw new DataException("output: " + recipe.output() + " must not be the folder that the run starts from,"
                    + " because its files would be replaced; name another folder");
        });
    }

    private static void requireNoSource(Recipe recipe) {
        Path output = whole(recipe.output());
        sources(recipe)
                .filter(path -> whole(path).startsWith(output))
                .findFirst()
                .ifPresent(path -> {
                    throw new DataException("output: " + recipe.output() + " must not be overwritten, because the run"
                            + " starts from " + path + "; name another folder");
                });
    }

    private static Path whole(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException _) {
            return path.toAbsolutePath().normalize();
        }
    }

    private static void remove(Path folder) {
        for (Path path : entries(folder)) {
            String name = String.valueOf(path.getFileName());
            if (FILES.matcher(name).matches() && Files.isRegularFile(path)) {
                delete(path);
            } else if (FOLDERS.matcher(name).matches() && Files.isDirectory(path)) {
                removeFolder(path);
            }
        }
    }

    /// Takes the oldest checkpoints of `folder` away until `most` are left; 0 keeps all.
    static void keepNewest(Path folder, int most) {
        List<Path> checkpoints = checkpoints(folder);
        if (most > 0 && checkpoints.size() > most) {
            checkpoints.subList(0, checkpoints.size() - most).forEach(EarlierRun::removeFolder);
        }
    }

    /// From the oldest to the newest.
    private static List<Path> checkpoints(Path folder) {
        return entries(folder).stream()
                .filter(path ->
                        CHECKPOINT.matcher(String.valueOf(path.getFileName())).matches())
                .sorted(Comparator.comparingLong(EarlierRun::step))
                .toList();
    }

    private static long step(Path checkpoint) {
        String name = String.valueOf(checkpoint.getFileName());
        return Long.parseLong(name.substring("checkpoint-".length()));
    }

    private static List<Path> entries(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.toList();
        } catch (IOException failure) {
            throw new UncheckedIOException("output: " + folder + " must be readable", failure);
        }
    }

    /// Files first, then the folder; one with folders inside is not ours and stays.
    private static void removeFolder(Path folder) {
        List<Path> inside = entries(folder);
        if (inside.stream().noneMatch(Files::isDirectory)) {
            inside.forEach(EarlierRun::delete);
            delete(folder);
        }
    }

    private static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException failure) {
            throw new UncheckedIOException("output: " + path + " could not be taken away", failure);
        }
    }
}
