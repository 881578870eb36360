package org.panamask.model;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.checkpoint.WeightSet;
import org.panamask.checkpoint.WeightSource;
import org.panamask.nn.InitialValues;
import org.panamask.nn.TensorSource;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;

/// Makes models of the family that a folder's `config.json` names.
public final class Models {
    private static final SortedMap<String, Function<ModelConfig, Architecture>> FAMILIES =
            Collections.unmodifiableSortedMap(new TreeMap<>(Map.of(
                    Dream.TYPE,
                    Dream.Config::of,
                    Gpt2Config.TYPE,
                    Gpt2Config::of,
                    LladaConfig.TYPE,
                    LladaConfig::of,
                    LlamaConfig.TYPE,
                    LlamaConfig::of,
                    Qwen2.TYPE,
                    Qwen2.Config::of)));

    private Models() {}

    /// The families there are, as `model_type` names them.
    public static Set<String> families() {
        return FAMILIES.keySet();
    }

    /// Loads the weights of `folder` into `owner`; the folder may be closed afterwards.
    ///
    /// @param folder the opened folder
    /// @param ops of the job that loads
    /// @param owner keeps the weights
    /// @param trainable whether training may change them
    /// @throws ModelException if the family is not known
    /// @throws org.panamask.checkpoint.CheckpointException if a setting or a tensor is missing or wrong
    public static Model load(HubFolder folder, BackwardOps ops, Owner owner, boolean trainable) {
        return load(folder, Growth.none(), ops, owner, trainable);
    }

    /// The same with rows added to embedding and head.
    ///
    /// @param folder the opened folder
    /// @param growth the rows to add
    /// @param ops of the job that loads
    /// @param owner keeps the weights
    /// @param trainable whether training may change them
    /// @throws ModelException if the family is not known
    /// @throws org.panamask.checkpoint.CheckpointException if a setting or a tensor is missing or wrong
    public static Model load(HubFolder folder, Growth growth, BackwardOps ops, Owner owner, boolean trainable) {
        Architecture stored = config(folder.config());
        Map<String, Shape> table = stored.weights();
        WeightSet weights = plain(folder.weights(), stored);
        weights.requireExactly(
                table.keySet(), name -> stored.ignores(name) || (stored.tied() && name.equals(stored.headName())));
        TensorSource source = (name, shape) -> {
            Shape own = table.getOrDefault(name, shape);
            Shape filed = stored.transposed(name) ? Shape.of(own.extent(1), own.extent(0)) : own;
            return host(growth.grown(StoredValues.filed(stored, weights.tensor(name, filed)), shape));
        };
        Architecture grown = growth.of(stored);
        return grown.model(new WeightLoader(grown.weights(), source, ops, owner, trainable));
    }

    /// A model with a random start, trainable: normal numbers of the configured deviation in matrices, 1 in the
    /// gains of norms, 0 in biases.
    ///
    /// @param config what `config.json` says
    /// @param seed of the random numbers
    /// @param ops of the job that makes it
    /// @param owner keeps the weights
    /// @throws ModelException if the family is not known
    public static Model create(ModelConfig config, long seed, BackwardOps ops, Owner owner) {
        return create(config, Growth.none(), seed, ops, owner);
    }

    /// The same with a larger vocabulary.
    ///
    /// @param config what `config.json` says
    /// @param growth the rows to add, as random as the others
    /// @param seed of the random numbers
    /// @param ops of the job that makes it
    /// @param owner keeps the weights
    /// @throws ModelException if the family is not known
    public static Model create(ModelConfig config, Growth growth, long seed, BackwardOps ops, Owner owner) {
        return create(growth.of(config(config)), seed, ops, owner);
    }

    /// The same for settings made in code.
    ///
    /// @param architecture its settings
    /// @param seed of the random numbers
    /// @param ops of the job that makes it
    /// @param owner keeps the weights
    public static Model create(Architecture architecture, long seed, BackwardOps ops, Owner owner) {
        InitialValues values = new InitialValues(seed);
        TensorSource source = (name, shape) -> {
            if (name.endsWith(".bias")) {
                return InitialValues.constant(name, shape, 0);
            }
            return shape.rank() == 1
                    ? InitialValues.constant(name, shape, 1)
                    : values.normal(name, shape, architecture.deviation(name));
        };
        return architecture.model(new WeightLoader(architecture.weights(), source, ops, owner, true));
    }

    /// A model without numbers, over [org.panamask.tensor.ShapeOps].
    ///
    /// @param architecture its settings
    /// @param stored the type of its weights
    /// @param ops shapes
    /// @param owner counts the weights
    /// @param trainable whether training may change them
    public static Model shapes(
            Architecture architecture, DType stored, BackwardOps ops, Owner owner, boolean trainable) {
        TensorSource source = (name, shape) -> HostTensor.withoutNumbers(name, stored, shape);
        return architecture.model(new WeightLoader(architecture.weights(), source, ops, owner, trainable));
    }

    /// The settings of the family that `config` names.
    ///
    /// @throws ModelException if the family is not known
    public static Architecture config(ModelConfig config) {
        String type = config.requireString("model_type");
        Function<ModelConfig, Architecture> family = FAMILIES.get(type);
        if (family == null) {
            throw new ModelException(config.file() + ": model_type must be one of " + families() + ", but got '" + type
                    + "'; take another model");
        }
        return family.apply(config);
    }

    static HostTensor host(WeightSource source) {
        return new HostTensor(source.name(), source.dtype(), source.shape(), source.data());
    }

    /// Names as Hugging Face has them. A tied model may store its one table under the head's name.
    static WeightSet plain(WeightSet stored, Architecture architecture) {
        WeightSet plain = stored.renamed(architecture.naming()::toPlain);
        String embedding = architecture.embeddingName();
        return architecture.tied() && !plain.has(embedding)
                ? plain.renamed(name -> name.equals(architecture.headName()) ? embedding : name)
                : plain;
    }
}
