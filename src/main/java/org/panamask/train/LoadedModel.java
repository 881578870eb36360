package org.panamask.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.panamask.backend.Backend;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.data.RowIds;
import org.panamask.model.Adapter;
import org.panamask.model.Growth;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.Parameters;
import org.panamask.sampling.SamplerTokens;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Weight;
import org.panamask.text.Tokenizer;

/// A model on a backend with its tokenizer, its special ids and perhaps an adapter. Closing it gives its weights back;
/// the backend stays open.
public final class LoadedModel implements AutoCloseable {
    private final Backend backend;
    private final Precision precision;
    private final Path folder;
    private final Tokenizer tokenizer;
    private final Owner weights;
    private final Owner branches;
    private final Growth growth;
    private final Model model;
    private final Optional<Adapter> adapter;
    private final List<Path> merged = new ArrayList<>();
    private final RowIds special;
    private final List<Integer> stops;
    private final ModelNotes notes;

    /// What of a model will be trained.
    public sealed interface Trained {
        /// Nothing: it generates only.
        record Nothing() implements Trained {}

        /// Every weight.
        ///
        /// @param seed of the random start, where the model has one
        record Everything(long seed) implements Trained {}

        /// An adapter beside frozen weights: a new one, or the last that the settings name.
        ///
        /// @param settings of a new adapter, or how one goes on, see [Adapter#goOn]; empty for the defaults of
        ///     a new one, and for one that goes on as it is
        /// @param seed of its random start
        record Branches(Optional<LoraSettings> settings, long seed) implements Trained {}

        /// The seed of random starts; 0 where nothing starts.
        private long seed() {
            return switch (this) {
                case Nothing() -> 0;
                case Everything(long seed) -> seed;
                case Branches(Optional<LoraSettings> _, long seed) -> seed;
            };
        }
    }

    private LoadedModel(Backend backend, Precision precision, ModelSettings settings, Trained trained) {
        this.backend = backend;
        this.precision = precision;
        this.folder = settings.path();
        ModelConfig config = HubFolder.config(folder);
        this.notes = ModelNotes.read(
                settings.adapter().isEmpty() ? folder : settings.adapter().getLast());
        this.tokenizer = TokenGrowth.tokenizer(settings);
        this.weights = backend.owner("weights");
        this.branches = backend.owner("adapter");
        try {
            this.growth = TokenGrowth.of(settings, tokenizer, trained.seed());
            this.model = backend.run("load " + folder, precision, ops -> model(ops, config, settings, trained));
            this.adapter = backend.run("load adapter", precision, ops -> adapter(ops, settings, trained));
            this.special = ModelTokens.resolve(settings, tokenizer, model.facts());
            this.stops = ModelTokens.stops(folder, tokenizer, model.facts(), special);
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    /// Loads what `settings` names onto `backend`.
    ///
    /// @param backend computes
    /// @param precision the type of weights and activations
    /// @param settings folder, adapter, tokenizer, special ids
    /// @param trained what of it will be trained
    /// @throws org.panamask.checkpoint.CheckpointException if a file is missing or wrong
    /// @throws org.panamask.text.TokenizerException if the tokenizer is missing or wrong, or lacks a token
    public static LoadedModel open(Backend backend, Precision precision, ModelSettings settings, Trained trained) {
        return new LoadedModel(backend, precision, settings, trained);
    }

    private Model model(BackwardOps ops, ModelConfig config, ModelSettings settings, Trained trained) {
        boolean trainable = trained instanceof Trained.Everything;
        if (settings.init() == ModelSettings.Init.RANDOM) {
            return Models.create(config, growth, trained.seed(), ops, weights);
        }
        try (HubFolder hub = HubFolder.open(folder)) {
            return Models.load(hub, growth, ops, weights, trainable);
        }
    }

    /// Merges all adapters but the one that stays beside the model: the last one given, or a new one.
    private Optional<Adapter> adapter(BackwardOps ops, ModelSettings settings, Trained trained) {
        List<Path> given = settings.adapter();
        if (trained instanceof Trained.Branches(Optional<LoraSettings> lora, long seed)) {
            if (given.isEmpty() || lora.map(LoraSettings::createNewAdapter).orElse(false)) {
                merge(ops, given);
                LoraSettings asked =
                        TokenGrowth.withTables(lora.orElseGet(LoraSettings::defaults), model.config(), folder);
                return Optional.of(Adapter.create(model, asked, seed, ops, branches));
            }
            merge(ops, given.subList(0, given.size() - 1));
            Adapter further = load(ops, given.getLast(), true);
            lora.ifPresent(asked -> further.goOn(asked, given.getLast()));
            return Optional.of(further);
        }
        if (given.isEmpty()) {
            return Optional.empty();
        }
        merge(ops, given.subList(0, given.size() - 1));
        return Optional.of(load(ops, given.getLast(), false));
    }

    private void merge(BackwardOps ops, List<Path> paths) {
        paths.forEach(path -> load(ops, path, false).merge(ops, weights));
        merged.addAll(paths);
    }

    private Adapter load(BackwardOps ops, Path path, boolean trainable) {
        try (PeftAdapter file = PeftAdapter.open(path, model.naming())) {
            return Adapter.load(model, file, ops, branches, trainable);
        }
    }

    /// The backend it lives on.
    public Backend backend() {
        return backend;
    }

    /// The type of its activations.
    public Precision precision() {
        return precision;
    }

    /// The folder it came from.
    public Path folder() {
        return folder;
    }

    /// The model.
    public Model model() {
        return model;
    }

    /// The adapter, if it has one.
    public Optional<Adapter> adapter() {
        return adapter;
    }

    /// The adapters that were merged into the model: its adapter needs them before it.
    public List<Path> merged() {
        return List.copyOf(merged);
    }

    /// The tokenizer.
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /// The special ids that rows are made with.
    public RowIds special() {
        return special;
    }

    /// The tokens that end an answer, the end token of rows first.
    public List<Integer> stops() {
        return stops;
    }

    /// The ids that samplers must know. Rows of the head that belong to no token are unused.
    public SamplerTokens samplerTokens() {
        List<Integer> unused = IntStream.range(0, model.vocabularySize())
                .filter(id -> !tokenizer.holds(id))
                .boxed()
                .toList();
        return new SamplerTokens(special.mask(), special.pad(), stops, unused);
    }

    /// How the run that made the adapter, or else the model, wrote its prompts.
    public ModelNotes notes() {
        return notes;
    }

    /// The weights that training changes: the adapter's, or the model's own.
    public Parameters trained() {
        return adapter.map(Adapter::parameters).orElseGet(model::parameters);
    }

    /// How many numbers training changes.
    public long trainedCount() {
        return trained().trainable().stream()
                .mapToLong(weight -> weight.shape().count())
                .sum();
    }

    /// How many numbers it computes with, those of the adapter included.
    public long count() {
        Set<Weight> all = new HashSet<>(model.parameters().all());
        adapter.ifPresent(beside -> all.addAll(beside.parameters().all()));
        return all.stream().mapToLong(weight -> weight.shape().count()).sum();
    }

    @Override
    public void close() {
        branches.close();
        weights.close();
        tokenizer.close();
    }
}
