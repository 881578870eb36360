package org.panamask.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.panamask.checkpoint.AtomicFile;
import org.panamask.checkpoint.CheckpointException;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.checkpoint.PendingTensor;
import org.panamask.checkpoint.SafetensorsWriter;
import org.panamask.checkpoint.WeightSet;
import org.panamask.checkpoint.WeightSource;
import org.panamask.tensor.DType;
import org.panamask.tensor.Shape;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A model folder with adapters added to its weights, file to file: mapped tensors are read, summed and written a few
/// rows at a time, so neither the model nor a large tensor stands in memory whole, and no backend is needed.
///
/// A weight becomes `W + scale * B A`, from all adapters in their order, formed in double precision and rounded once.
/// Whole weights of an adapter take the place of the model's; a head that was tied to an embedding stays as it was and
/// gets a tensor of its own.
public final class FolderMerge implements AutoCloseable {
    private final HubFolder base;
    private final Architecture architecture;
    private final String embedding;
    private final String head;
    private final WeightSet weights;
    private final Optional<DType> wanted;
    private final List<PeftAdapter> adapters = new ArrayList<>();

    private FolderMerge(HubFolder base, Optional<DType> wanted) {
        this.base = base;
        this.wanted = wanted;
        this.architecture = Models.config(base.config());
        this.embedding = architecture.embeddingName();
        this.head = architecture.headName();
        this.weights = Models.plain(base.weights(), architecture);
    }

    /// Writes the model of `model` with `adapters` merged into it to `out`, which appears complete or not at all:
    /// `config.json` and `model.safetensors`. Tokenizer files are the caller's business.
    ///
    /// @param model the model folder
    /// @param adapters PEFT folders, in the order they were trained
    /// @param out a folder that is not there yet, or empty
    /// @param dtype what all weights are stored as, F32, F16 or BF16; as in `model` where it is left out
    /// @throws ModelException if `out` is not empty, or an adapter does not fit the model
    /// @throws CheckpointException if a file is missing or wrong, a number does not fit `dtype`, or the file system
    ///     refuses
    public static void write(Path model, List<Path> adapters, Path out, Optional<DType> dtype) {
        requireFree(out);
        try (HubFolder base = HubFolder.open(model);
                FolderMerge merge = new FolderMerge(base, dtype)) {
            for (Path adapter : adapters) {
                merge.adapters.add(PeftAdapter.open(adapter, merge.architecture.naming()));
            }
            merge.requireFit(adapters);
            merge.write(out);
        }
    }

    private static void requireFree(Path out) {
        boolean free = !Files.exists(out);
        if (Files.isDirectory(out)) {
            try (Stream<Path> entries = Files.list(out)) {
                free = entries.findAny().isEmpty();
            } catch (IOException failure) {
                throw new CheckpointException(out + ": the folder must be readable, but got " + failure, failure);
            }
        }
        if (!free) {
            throw new ModelException("merge: " + out + " must be a new or an empty folder, but there is something;"
                    + " name another folder");
        }
    }

    private void requireFit(List<Path> folders) {
        weights.requireExactly(
                architecture.weights().keySet(),
                name -> architecture.ignores(name) || (architecture.tied() && name.equals(head)));
        for (int n = 0; n < adapters.size(); n++) {
            PeftAdapter adapter = adapters.get(n);
            for (String path : adapter.modules().keySet()) {
                if (!weights.has(path + ".weight")) {
                    throw new ModelException("merge " + folders.get(n) + ": every module must be a linear layer of the"
                            + " model, but got " + path + "; take the adapter of this model");
                }
                LowRank.of(adapter, path, architecture.transposed(path + ".weight"))
                        .require(weights.tensor(path + ".weight"));
            }
            adapter.saved().values().forEach(this::requireFit);
        }
        if (!finalShape(embedding).equals(finalShape(head))) {
            throw new ModelException("merge: embedding and head must have one shape, but got " + finalShape(embedding)
                    + " and " + finalShape(head) + "; take the adapter of this model");
        }
    }

    /// A whole table of tokens may have more rows than the model's: the adapter's run added tokens.
    private void requireFit(WeightSource saved) {
        WeightSource own = replaced(saved.name())
                .orElseThrow(() -> new ModelException("merge: a whole weight must be one of the model, but got "
                        + saved.name() + "; take the adapter of this model"));
        boolean table = saved.name().equals(embedding) || saved.name().equals(head);
        boolean grown = table
                && saved.shape().rank() == 2
                && saved.shape().extent(0) > own.shape().extent(0)
                && saved.shape().last() == own.shape().last();
        if (!grown) {
            own.require(saved.shape());
        }
    }

    private Shape finalShape(String name) {
        return adapters.reversed().stream()
                .flatMap(adapter -> Optional.ofNullable(adapter.saved().get(name)).stream())
                .findFirst()
                .or(() -> replaced(name))
                .orElseThrow()
                .shape();
    }

    /// What the model has in place of a whole weight; a tied head has the embedding.
    private Optional<WeightSource> replaced(String name) {
        String own = architecture.tied() && name.equals(head) ? embedding : name;
        return weights.has(own) ? Optional.of(weights.tensor(own)) : Optional.empty();
    }

    private boolean unties() {
        return architecture.tied()
                && adapters.stream()
                        .flatMap(adapter -> adapter.saved().keySet().stream())
                        .anyMatch(Set.of(embedding, head)::contains);
    }

    private void write(Path out) {
        Path partial = out.toAbsolutePath().resolveSibling("." + out.getFileName() + ".partial");
        try {
            Files.createDirectories(partial);
            SafetensorsWriter.stream(
                    partial.resolve("model.safetensors"),
                    SafetensorsWriter.PYTORCH,
                    tensors().toList());
            byte[] json = configJson().getBytes(StandardCharsets.UTF_8);
            AtomicFile.write(partial.resolve("config.json"), channel -> {
                ByteBuffer bytes = ByteBuffer.wrap(json);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            });
            Files.move(partial, out.toAbsolutePath(), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failure) {
            throw new CheckpointException(out + ": the folder must be writable, but got " + failure, failure);
        } finally {
            remove(partial);
        }
    }

    private static void remove(Path partial) {
        try {
            for (String name : List.of("model.safetensors", "config.json")) {
                Files.deleteIfExists(partial.resolve(name));
            }
            Files.deleteIfExists(partial);
        } catch (IOException _) {
            // The failure that left it is already on its way to the caller.
        }
    }

    private Stream<PendingTensor> tensors() {
        Set<String> names = new LinkedHashSet<>(architecture.weights().keySet());
        if (unties()) {
            names.add(head);
        }
        return names.stream().map(this::tensor);
    }

    private PendingTensor tensor(String name) {
        WeightSource own = replaced(name).orElseThrow();
        DType stored = wanted.orElse(own.dtype());
        WeightSource start = own;
        List<LowRank> products = new ArrayList<>();
        for (PeftAdapter adapter : adapters) {
            WeightSource whole = adapter.saved().get(name);
            if (whole != null) {
                start = whole;
                products.clear();
            }
            String path = name.endsWith(".weight") ? name.substring(0, name.length() - ".weight".length()) : name;
            if (adapter.modules().containsKey(path)) {
                products.add(LowRank.of(adapter, path, architecture.transposed(name)));
            }
        }
        WeightSource first = start.named(name);
        if (products.isEmpty() && first.dtype() == stored) {
            return PendingTensor.of(first);
        }
        return new PendingTensor(name, stored, first.shape(), () -> LowRank.sums(first, products, stored));
    }

    /// The model's own `config.json` with what merging changed.
    private String configJson() {
        JsonMapper mapper = JsonMapper.builder().build();
        Path file = base.folder().resolve("config.json");
        if (!(mapper.readTree(file) instanceof ObjectNode json)) {
            throw new CheckpointException(file + ": must hold one object; take the file that belongs to the weights");
        }
        wanted.ifPresent(type -> json.put(json.has("dtype") ? "dtype" : "torch_dtype", StoredValues.torchName(type)));
        long rows = finalShape(embedding).extent(0);
        if (rows != weights.tensor(embedding).shape().extent(0)) {
            architecture.rowKeys().forEach(key -> json.put(key, rows));
        }
        if (unties()) {
            architecture.tyingKeys().forEach(key -> json.put(key, false));
        }
        return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
    }

    @Override
    public void close() {
        adapters.forEach(PeftAdapter::close);
    }
}
