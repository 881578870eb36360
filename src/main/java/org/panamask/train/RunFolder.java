package org.panamask.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.panamask.checkpoint.AtomicFile;
import org.panamask.model.Adapter;
import org.panamask.report.BuildFacts;
import org.panamask.report.EnvironmentFile;

/// The output folder of a run: its recipe, what it ran on, and the weights it made, under the names that Hugging Face
/// and PEFT use, so that the folder itself is a model or an adapter.
public final class RunFolder {
    private final Path folder;
    private final ModelNotes notes;
    private final int checkpoints;

    private RunFolder(Path folder, ModelNotes notes, int checkpoints) {
        this.folder = folder;
        this.notes = notes;
        this.checkpoints = checkpoints;
    }

    /// Refuses a recipe whose output folder would be refused at the end of loading, and changes nothing.
    ///
    /// @throws org.panamask.data.DataException if the folder holds the result of an earlier run that may not be
    ///     overwritten, or is one that the run starts from
    public static void require(Recipe recipe) {
        EarlierRun.require(recipe);
    }

    /// Makes the folder of `recipe` and writes the recipe with every default filled in.
    ///
    /// @throws org.panamask.data.DataException if it is refused, as [#require] says
    public static RunFolder create(Recipe recipe, Map<String, String> report) {
        Path folder = recipe.output();
        EarlierRun.settle(recipe);
        try {
            Files.createDirectories(folder);
        } catch (IOException failure) {
            throw new UncheckedIOException("output: " + folder + " must be a folder that can be written", failure);
        }
        RecipeWriter.write(recipe, folder.resolve("recipe.yaml"));
        RunFolder made = new RunFolder(
                folder, new ModelNotes(recipe.data().template()), recipe.train().saveTotalLimit());
        made.describe(report);
        return made;
    }

    /// Writes anew what the run computes with: at its end `report` counts what really ran.
    public void describe(Map<String, String> report) {
        Map<String, String> facts = new LinkedHashMap<>(BuildFacts.own());
        facts.putAll(report);
        EnvironmentFile.write(folder, facts);
    }

    /// The folder.
    public Path path() {
        return folder;
    }

    /// Writes what was trained as the run's result.
    public void saveResult(LoadedModel trained) {
        save(trained, folder);
    }

    /// Writes what was trained so far into `checkpoint-STEP`, which appears complete or not at all, puts its name
    /// into the file `latest`, and takes away older ones beyond the limit of the recipe.
    ///
    /// @return the folder
    public Path saveCheckpoint(LoadedModel trained, long step) {
        Path whole = folder.resolve("checkpoint-%06d".formatted(step));
        Path partial = folder.resolve(whole.getFileName() + ".partial");
        save(trained, partial);
        try {
            Files.move(partial, whole, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failure) {
            throw new UncheckedIOException(whole + ": the checkpoint could not be put in place", failure);
        }
        byte[] name = (whole.getFileName() + "\n").getBytes(StandardCharsets.US_ASCII);
        AtomicFile.write(folder.resolve("latest"), channel -> channel.write(ByteBuffer.wrap(name)));
        EarlierRun.keepNewest(folder, checkpoints);
        return whole;
    }

    private void save(LoadedModel trained, Path into) {
        saveWeights(trained, into);
        notes.write(into);
    }

    private static void saveWeights(LoadedModel trained, Path folder) {
        if (trained.adapter().isPresent()) {
            Adapter adapter = trained.adapter().get();
            String base = trained.folder().toAbsolutePath().normalize().toString();
            trained.backend().run("save", trained.precision(), ops -> {
                adapter.save(ops, folder, base);
                return folder;
            });
        } else {
            trained.backend().run("save", trained.precision(), ops -> {
                trained.model().save(ops, folder);
                return folder;
            });
        }
        trained.tokenizer().save(folder);
    }
}
