package org.panamask.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.panamask.checkpoint.LoraPair;
import org.panamask.checkpoint.ModulePatterns;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.checkpoint.PeftConfig;
import org.panamask.checkpoint.PeftScaling;
import org.panamask.checkpoint.PeftWeights;
import org.panamask.checkpoint.WeightSource;
import org.panamask.nn.InitialValues;
import org.panamask.nn.Linear;
import org.panamask.nn.Lora;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.LoraTargets;
import org.panamask.nn.Parameters;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Weight;

/// Low-rank branches beside the linear maps of a model, and whole weights in place of some of its own. It is part of
/// the model's computation from its making until [#detach] or [#merge]; its weights belong to the owner given.
public final class Adapter {
    private static final String A = ".lora_A.weight";
    private static final String B = ".lora_B.weight";

    private final Model model;
    private final PeftConfig config;
    private final List<Linear> adapted;
    private final Map<String, Weight> saved;
    private final Map<String, Weight> replaced = new LinkedHashMap<>();

    private Adapter(Model model, PeftConfig config, List<Linear> adapted, Map<String, Weight> saved) {
        this.model = model;
        this.config = config;
        this.adapted = adapted;
        this.saved = saved;
    }

    /// A new trainable adapter: A uniform within `1 / sqrt(in)`, B zero, whole weights as they are in the model, so
    /// that it changes nothing yet.
    ///
    /// @param model gets the branches
    /// @param settings rank, strength, targets, modules trained whole
    /// @param seed of the random start
    /// @param ops of the job that makes it
    /// @param owner keeps its weights
    /// @throws org.panamask.config.SettingException if a target names no layer, or a module to save cannot be
    ///     trained whole
    public static Adapter create(Model model, LoraSettings settings, long seed, BackwardOps ops, Owner owner) {
        List<Linear> chosen = LoraTargets.select(model.linears(), settings.targets());
        InitialValues values = new InitialValues(seed);
        for (Linear linear : chosen) {
            long in = linear.weight().shape().extent(1);
            HostTensor a = values.uniform(linear.path() + A, Shape.of(settings.rank(), in), 1 / Math.sqrt((double) in));
            HostTensor b = InitialValues.constant(
                    linear.path() + B, Shape.of(linear.weight().shape().extent(0), settings.rank()), 0);
            linear.adapt(new Lora(
                    ops.weight(owner, a, true),
                    ops.weight(owner, b, true),
                    (float) settings.scale(),
                    settings.dropout(),
                    site(model, linear)));
        }
        PeftScaling scaling = new PeftScaling(
                settings.rank(),
                settings.resolvedAlpha(),
                settings.useRslora(),
                ModulePatterns.none(),
                ModulePatterns.none());
        List<String> names =
                chosen.stream().map(Linear::lastPart).distinct().sorted().toList();
        boolean transposed = chosen.stream().anyMatch(linear -> model.config().transposed(linear.path() + ".weight"));
        PeftConfig config = PeftConfig.of(scaling, names)
                .withDropout(settings.dropout())
                .withFanInFanOut(transposed)
                .withModulesToSave(settings.modulesToSave());
        Map<String, Weight> saved = new LinkedHashMap<>();
        for (String name : LoraTargets.whole(model.replaceable(), chosen, settings.modulesToSave())) {
            saved.put(name, ops.weight(owner, Models.host(StoredValues.read(ops, name, own(model, name))), true));
        }
        Adapter adapter = new Adapter(model, config, chosen, saved);
        adapter.putSaved();
        return adapter;
    }

    /// The weight called `name`; a head tied to the embedding has no name of its own.
    private static Weight own(Model model, String name) {
        return model.parameters().byName().getOrDefault(name, model.head());
    }

    /// Puts the adapter of `file` beside `model`; the file may be closed afterwards.
    ///
    /// @param model gets the branches
    /// @param file the opened adapter
    /// @param ops of the job that loads
    /// @param owner keeps its weights
    /// @param trainable whether training may change them
    /// @throws ModelException if the model has no such layer
    /// @throws org.panamask.checkpoint.CheckpointException if a tensor has the wrong shape
    public static Adapter load(Model model, PeftAdapter file, BackwardOps ops, Owner owner, boolean trainable) {
        file.modules().keySet().forEach(path -> linear(model, path));
        List<Linear> adapted = new ArrayList<>();
        file.modules().forEach((path, pair) -> {
            Linear linear = linear(model, path);
            requireShapes(pair, linear, file.config().scaling().rank(path));
            linear.adapt(new Lora(
                    ops.weight(owner, Models.host(pair.a()), trainable),
                    ops.weight(owner, Models.host(pair.b()), trainable),
                    (float) file.config().scaling().scale(path),
                    file.config().dropout(),
                    site(model, linear)));
            adapted.add(linear);
        });
        Map<String, Weight> saved = new LinkedHashMap<>();
        file.saved()
                .forEach((name, source) -> saved.put(
                        name, ops.weight(owner, Models.host(StoredValues.filed(model.config(), source)), trainable)));
        Adapter adapter = new Adapter(model, file.config(), List.copyOf(adapted), saved);
        adapter.putSaved();
        return adapter;
    }

    private void putSaved() {
        saved.forEach((name, weight) -> {
            Weight old = own(model, name);
            model.replace(name, weight);
            replaced.put(name, old);
        });
    }

    private static Linear linear(Model model, String path) {
        return model.linears().stream()
                .filter(linear -> linear.path().equals(path))
                .findFirst()
                .orElseThrow(() -> new ModelException("load adapter: every module must be a linear layer of the model,"
                        + " but got " + path + "; take the adapter of this model"));
    }

    private static void requireShapes(LoraPair pair, Linear linear, int rank) {
        Shape shape = linear.weight().shape();
        pair.a().require(Shape.of(rank, shape.extent(1)));
        pair.b().require(Shape.of(shape.extent(0), rank));
    }

    private static int site(Model model, Linear linear) {
        return model.linears().indexOf(linear);
    }

    /// Its weights: `PATH.lora_A.weight` and `PATH.lora_B.weight` of each branch, then whole ones.
    public Parameters parameters() {
        List<Weight> weights = new ArrayList<>();
        for (Linear linear : adapted) {
            linear.lora().ifPresent(lora -> weights.addAll(List.of(lora.a(), lora.b())));
        }
        weights.addAll(saved.values());
        return Parameters.of(weights);
    }

    /// What its files say of it.
    public PeftConfig config() {
        return config;
    }

    /// Writes it as a PEFT folder that names `baseModel`.
    ///
    /// @throws org.panamask.checkpoint.CheckpointException if the file system refuses
    public void save(Ops ops, Path folder, String baseModel) {
        Map<String, LoraPair> modules = new LinkedHashMap<>();
        for (Linear linear : adapted) {
            linear.lora()
                    .ifPresent(lora -> modules.put(
                            linear.path(),
                            new LoraPair(
                                    StoredValues.read(ops, linear.path() + A, lora.a()),
                                    StoredValues.read(ops, linear.path() + B, lora.b()))));
        }
        Map<String, WeightSource> whole = new LinkedHashMap<>();
        saved.forEach((name, weight) -> whole.put(name, StoredValues.read(ops, model.config(), name, weight)));
        PeftAdapter.write(folder, config.withBaseModel(baseModel), new PeftWeights(modules, whole));
    }

    /// Adds the branches to the model's own weights, which `owner` keeps from now on, and takes the adapter away.
    /// Whole weights stay in the model and with the adapter's owner.
    public void merge(BackwardOps ops, Owner owner) {
        for (Linear linear : adapted) {
            Weight merged = ops.weight(owner, linear.merged(ops), false);
            linear.withdraw();
            linear.replace(merged);
        }
    }

    /// Takes the adapter away: the model is as it was before.
    public void detach() {
        adapted.forEach(Linear::withdraw);
        replaced.forEach(model::replace);
        replaced.clear();
    }
}
