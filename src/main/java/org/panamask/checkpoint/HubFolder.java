package org.panamask.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.panamask.tensor.Shape;

/// A model folder as Hugging Face lays it out: `config.json`, and the weights in `model.safetensors` or in shards that
/// `model.safetensors.index.json` lists. Everything is mapped and checked when the folder is opened.
public final class HubFolder implements AutoCloseable {
    private static final String CONFIG = "config.json";
    private static final String SINGLE = "model.safetensors";
    private static final String PICKLED = "pytorch_model.bin";

    private final Path folder;
    private final ModelConfig config;
    private final List<Safetensors> files;
    private final WeightSet weights;

    private HubFolder(Path folder, ModelConfig config, List<Safetensors> files) {
        this.folder = folder;
        this.config = config;
        this.files = List.copyOf(files);
        List<WeightSource> sources = new ArrayList<>();
        for (Safetensors file : files) {
            file.entries().values().forEach(entry -> sources.add(file.tensor(entry)));
        }
        this.weights = WeightSet.of(folder.toString(), sources);
    }

    /// Reads the settings and maps all weights of `folder`. A single `model.safetensors` comes before an index.
    ///
    /// @throws CheckpointException if a file is missing, cannot be read or breaks a rule
    public static HubFolder open(Path folder) {
        ModelConfig config = config(folder);
        List<Safetensors> files = new ArrayList<>();
        boolean opened = false;
        try {
            openWeights(folder, files);
            HubFolder model = new HubFolder(folder, config, files);
            opened = true;
            return model;
        } finally {
            if (!opened) {
                files.forEach(Safetensors::close);
            }
        }
    }

    /// The settings of `folder` alone; its weights need not be there.
    ///
    /// @throws CheckpointException if there is no such folder, or no readable `config.json` in it
    public static ModelConfig config(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new CheckpointException(
                    folder + ": a model folder is needed, but there is no such folder; check the path");
        }
        Path file = folder.resolve(CONFIG);
        if (!Files.exists(file)) {
            throw new CheckpointException(folder + ": a model folder holds " + CONFIG
                    + ", but there is none; give the folder that Hugging Face's save_pretrained wrote");
        }
        return ModelConfig.read(file);
    }

    /// Whether `folder` holds weights, in one file or in shards.
    public static boolean hasWeights(Path folder) {
        return Files.exists(folder.resolve(SINGLE)) || Files.exists(folder.resolve(ShardIndex.NAME));
    }

    /// The folder as it was given.
    public Path folder() {
        return folder;
    }

    /// What `config.json` says.
    public ModelConfig config() {
        return config;
    }

    /// The weights of all shards.
    public WeightSet weights() {
        return weights;
    }

    /// The names of all tensors.
    public Set<String> names() {
        return weights.names();
    }

    /// The tensor called `name`, whichever shard holds it.
    ///
    /// @throws CheckpointException if there is none
    public WeightSource tensor(String name) {
        return weights.tensor(name);
    }

    /// The tensor called `name`, which must have the shape `needed`.
    ///
    /// @throws CheckpointException if there is none or it has another shape
    public WeightSource tensor(String name, Shape needed) {
        return weights.tensor(name, needed);
    }

    /// Checks that every needed tensor is there and no other, save those that `ignorable` accepts.
    ///
    /// @throws CheckpointException if not; the message lists every missing and every unknown tensor
    public void requireExactly(Set<String> needed, Predicate<String> ignorable) {
        weights.requireExactly(needed, ignorable);
    }

    /// Unmaps all weights; bytes handed out before may not be read any more. Closing twice does nothing.
    @Override
    public void close() {
        files.forEach(Safetensors::close);
    }

    private static void openWeights(Path folder, List<Safetensors> files) {
        Path single = folder.resolve(SINGLE);
        Path index = folder.resolve(ShardIndex.NAME);
        if (Files.exists(single)) {
            files.add(Safetensors.open(single));
        } else if (Files.exists(index)) {
            openShards(folder, ShardIndex.read(index), files);
        } else {
            String advice = Files.exists(folder.resolve(PICKLED))
                    ? "convert " + PICKLED + " to safetensors, pickled weights are not read"
                    : "check that the download finished";
            throw new CheckpointException(folder + ": a model folder holds its weights in " + SINGLE
                    + " or in shards listed by " + ShardIndex.NAME + ", but there is neither; " + advice);
        }
    }

    private static void openShards(Path folder, ShardIndex index, List<Safetensors> files) {
        List<String> absent = index.shards().stream()
                .filter(shard -> !Files.exists(folder.resolve(shard)))
                .toList();
        if (!absent.isEmpty()) {
            throw new CheckpointException(index.file() + ": every shard must be in the folder, but missing are "
                    + Printable.of(absent) + "; check that the download finished");
        }
        for (String shard : index.shards()) {
            files.add(Safetensors.open(folder.resolve(shard)));
        }
        index.requireSameTensors(files);
    }
}
