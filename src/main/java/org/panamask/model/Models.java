package org.panamask.model;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.panamask.checkpoint.HubFolder;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.checkpoint.WeightSet;
import org.panamask.checkpoint.WeightSource;
import org.panamask.nn.InitialValues;
import org.panamask.nn.TensorSource;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.HostTensor;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;

/// Makes models of the family that a folder's `config.json` names.
public final class Models {
    private static final List<String> KNOWN = List.of(LlamaConfig.TYPE);
    private static final Set<String> PLANNED = Set.of("gpt2", "qwen2");
    private static final String IGNORED = ".rotary_emb.inv_freq";

    private Models() {}

    /// Loads the weights of `folder` into `owner`; the folder may be closed afterwards.
    ///
    /// @param folder the opened folder
    /// @param ops of the job that loads
    /// @param owner keeps the weights
    /// @param trainable whether training may change them
    /// @throws ModelException if the family is not known
    /// @throws org.panamask.checkpoint.CheckpointException if a setting or a tensor is missing or wrong
    public static Model load(HubFolder folder, BackwardOps ops, Owner owner, boolean trainable) {
        LlamaConfig config = config(folder.config());
        Map<String, Shape> table = config.weights();
        WeightSet weights = plain(folder.weights(), config);
        weights.requireExactly(
                table.keySet(), name -> name.endsWith(IGNORED) || (config.tied() && name.equals(Llama.HEAD)));
        TensorSource source = (name, shape) -> host(weights.tensor(name, shape));
        return Llama.of(config, new WeightLoader(table, source, ops, owner, trainable));
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
        return create(config(config), seed, ops, owner);
    }

    /// A Llama with a random start, trainable.
    ///
    /// @param config its settings
    /// @param seed of the random numbers
    /// @param ops of the job that makes it
    /// @param owner keeps the weights
    public static Model create(LlamaConfig config, long seed, BackwardOps ops, Owner owner) {
        InitialValues values = new InitialValues(seed);
        TensorSource source = (name, shape) -> {
            if (name.endsWith(".bias")) {
                return InitialValues.constant(name, shape, 0);
            }
            return shape.rank() == 1
                    ? InitialValues.constant(name, shape, 1)
                    : values.normal(name, shape, config.initializerRange());
        };
        return Llama.of(config, new WeightLoader(config.weights(), source, ops, owner, true));
    }

    /// The settings of the family that `config` names.
    ///
    /// @throws ModelException if the family is not known
    public static LlamaConfig config(ModelConfig config) {
        String type = config.requireString("model_type");
        if (!KNOWN.contains(type)) {
            throw new ModelException(config.file() + ": model_type must be one of " + KNOWN + ", but got '" + type + "'"
                    + (PLANNED.contains(type) ? ", which is not supported yet" : "") + "; take another model");
        }
        return LlamaConfig.of(config);
    }

    static HostTensor host(WeightSource source) {
        return new HostTensor(source.name(), source.dtype(), source.shape(), source.data());
    }

    /// Names as Hugging Face has them. A tied model may store its one table under the head's name.
    private static WeightSet plain(WeightSet stored, LlamaConfig config) {
        WeightSet plain = stored.renamed(Llama.NAMING::toPlain);
        return config.tied() && !plain.has(Llama.EMBEDDING)
                ? plain.renamed(name -> name.equals(Llama.HEAD) ? Llama.EMBEDDING : name)
                : plain;
    }
}
