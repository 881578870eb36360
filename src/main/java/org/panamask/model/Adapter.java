package org.panamask.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.panamask.checkpoint.LoraPair;
import org.panamask.checkpoint.PeftAdapter;
import org.panamask.checkpoint.PeftConfig;
import org.panamask.checkpoint.PeftWeights;
import org.panamask.checkpoint.WeightSource;
import org.panamask.config.SettingException;
import org.panamask.nn.InitialValues;
import org.panamask.nn.Linear;
import org.panamask.nn.Lora;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.Parameters;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Weight;

/// Low-rank branches beside the linear maps of a model, and whole weights in place of some of its own. It is part of
/// the model's computation from its making until [#detach]; its weights belong to the owner given.
///
/// [#merge] adds the branches to the model's own weights, [#unmerge] takes them out again. The former weights are kept,
/// not computed back, so that unmerging restores their exact bits; that costs the memory of both.
public final class Adapter {
    private static final String A = ".lora_A.weight";
    private static final String B = ".lora_B.weight";

    private final Model model;
    private PeftConfig config;
    private final Map<Linear, Lora> branches;
    private final Map<String, Weight> saved;
    private final Map<String, Weight> replaced = new LinkedHashMap<>();
    private final Map<Linear, Parted> merged = new LinkedHashMap<>();

    /// What a merged map had before.
    private record Parted(Weight weight, Lora branch) {}

    private Adapter(Model model, PeftConfig config, Map<Linear, Lora> branches, Map<String, Weight> saved) {
        this.model = model;
        this.config = config;
        this.branches = branches;
        this.saved = saved;
        branches.forEach(Linear::adapt);
        saved.forEach((name, weight) -> {
            Weight old = AdapterLayout.own(model, name);
            model.replace(name, weight);
            replaced.put(name, old);
        });
    }

    /// A new trainable adapter: A uniform within `1 / sqrt(in)`, B zero, whole weights as they are in the model, so
    /// that it changes nothing yet.
    ///
    /// @param model gets the branches
    /// @param settings rank, strength, targets, modules trained whole
    /// @param seed of the random start
    /// @param ops of the job that makes it
    /// @param owner keeps its weights
    /// @throws org.panamask.config.SettingException if a target or a pattern names no layer, or a module to save
    ///     cannot be trained whole
    public static Adapter create(Model model, LoraSettings settings, long seed, BackwardOps ops, Owner owner) {
        AdapterLayout layout = AdapterLayout.of(model, settings);
        InitialValues values = new InitialValues(seed);
        Map<Linear, Lora> branches = new LinkedHashMap<>();
        for (Linear linear : layout.linears()) {
            long out = linear.weight().shape().extent(0);
            long in = linear.weight().shape().extent(1);
            int rank = layout.scaling().rank(linear.path());
            HostTensor a = values.uniform(linear.path() + A, Shape.of(rank, in), 1 / Math.sqrt((double) in));
            HostTensor b = InitialValues.constant(linear.path() + B, Shape.of(out, rank), 0);
            branches.put(
                    linear,
                    new Lora(
                            ops.weight(owner, a, true),
                            ops.weight(owner, b, true),
                            (float) layout.scaling().scale(linear.path()),
                            settings.dropout(),
                            site(model, linear)));
        }
        Map<String, Weight> saved = new LinkedHashMap<>();
        for (String name : layout.whole().keySet()) {
            WeightSource copy = StoredValues.read(ops, name, AdapterLayout.own(model, name));
            saved.put(name, ops.weight(owner, Models.host(copy), true));
        }
        return new Adapter(model, layout.config(), branches, saved);
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
        Map<Linear, Lora> branches = new LinkedHashMap<>();
        file.modules().forEach((path, pair) -> {
            Linear linear = linear(model, path);
            requireShapes(pair, linear, file.config().scaling().rank(path));
            branches.put(
                    linear,
                    new Lora(
                            ops.weight(owner, Models.host(pair.a()), trainable),
                            ops.weight(owner, Models.host(pair.b()), trainable),
                            (float) file.config().scaling().scale(path),
                            file.config().dropout(),
                            site(model, linear)));
        });
        Map<String, Weight> saved = new LinkedHashMap<>();
        file.saved()
                .forEach((name, source) -> saved.put(
                        name, ops.weight(owner, Models.host(StoredValues.filed(model.config(), source)), trainable)));
        return new Adapter(model, file.config(), branches, saved);
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
        branches.values().forEach(lora -> weights.addAll(List.of(lora.a(), lora.b())));
        weights.addAll(saved.values());
        return Parameters.of(weights);
    }

    /// Goes on with training as `settings` ask: their dropout holds from now on, and its files will say so. What
    /// else they say must be what it is. A key at its default says nothing.
    ///
    /// @param settings what a recipe asks for
    /// @param folder where this adapter came from, for the message
    /// @throws SettingException naming the first key that asks for another adapter
    public void goOn(LoraSettings settings, Path folder) {
        List<String> paths = branches.keySet().stream().map(Linear::path).toList();
        new FurtherTraining(model, config, folder).require(settings, paths, saved.keySet());
        if (settings.dropout() != LoraSettings.defaults().dropout()) {
            config = config.withDropout(settings.dropout());
            branches.replaceAll((linear, branch) -> {
                Lora other = branch.withDropout(settings.dropout());
                linear.withdraw();
                linear.adapt(other);
                return other;
            });
        }
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
        branches.forEach((linear, lora) -> modules.put(
                linear.path(),
                new LoraPair(
                        StoredValues.read(ops, linear.path() + A, lora.a()),
                        StoredValues.read(ops, linear.path() + B, lora.b()))));
        Map<String, WeightSource> whole = new LinkedHashMap<>();
        saved.forEach((name, weight) -> whole.put(name, StoredValues.read(ops, model.config(), name, weight)));
        PeftAdapter.write(folder, config.withBaseModel(baseModel), new PeftWeights(modules, whole));
    }

    /// Adds the branches to the model's own weights, in the type those are stored in: products and sums are formed
    /// in double precision and rounded once. Whole weights are in the model already. Does nothing when merged.
    ///
    /// @param ops of the job that merges
    /// @param owner keeps the sums
    public void merge(BackwardOps ops, Owner owner) {
        branches.forEach((linear, lora) -> {
            if (!merged.containsKey(linear)) {
                Weight old = linear.weight();
                WeightSource sum = StoredValues.of(old, linear.merged(ops));
                Weight weight = ops.weight(owner, Models.host(sum), false);
                linear.withdraw();
                linear.replace(weight);
                merged.put(linear, new Parted(old, lora));
            }
        });
    }

    /// Puts the former weights back, bit for bit, and the branches beside them again. Does nothing when not merged.
    public void unmerge() {
        merged.forEach((linear, parted) -> {
            linear.replace(parted.weight());
            linear.adapt(parted.branch());
        });
        merged.clear();
    }

    /// Takes the adapter away, merged or not: the model is as it was before.
    public void detach() {
        unmerge();
        branches.keySet().forEach(Linear::withdraw);
        replaced.forEach(model::replace);
        replaced.clear();
    }
}
