package org.panamask.model;

import java.util.List;
import java.util.Map;
import org.panamask.checkpoint.WrapperNaming;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.Shape;

/// The settings of a model of one family, as `config.json` has them: enough to name and shape every weight, and to put
/// a model together from them.
public sealed interface Architecture permits Gpt2Config, LlamaConfig, LlamaFamily.Settings {
    /// The facts that hold for every model.
    ModelFacts facts();

    /// The names and shapes of all weights, in the order of the layers.
    Map<String, Shape> weights();

    /// Whether the head is the embedding table.
    boolean tied();

    /// What the parts are called in checkpoints of the DiffuLLaMA wrapper.
    WrapperNaming naming();

    /// The name of the embedding table.
    default String embeddingName() {
        return naming().embedding() + "weight";
    }

    /// The name of the head.
    default String headName() {
        return Model.HEAD;
    }

    /// What an adapter calls the module of the weight `name`: the last part of its path where no other module ends
    /// in that, else the whole path.
    default String moduleName(String name) {
        String path = name.substring(0, name.lastIndexOf('.'));
        String last = path.substring(path.lastIndexOf('.') + 1);
        boolean shared = weights().keySet().stream()
                .map(other -> other.substring(0, other.lastIndexOf('.')))
                .anyMatch(other -> !other.equals(path) && other.endsWith("." + last));
        return shared ? path : last;
    }

    /// The keys of `config.json` that say how many rows the tables of tokens have.
    default List<String> rowKeys() {
        return List.of("vocab_size");
    }

    /// The keys of `config.json` that say whether the head is the embedding table.
    default List<String> tyingKeys() {
        return List.of("tie_word_embeddings");
    }

    /// Whether files keep the matrix `name` as `[in, out]`, the other way round than here.
    default boolean transposed(String name) {
        return false;
    }

    /// Whether checkpoints may hold a tensor `name` that is no weight.
    boolean ignores(String name);

    /// The standard deviation of a random start of the matrix `name`.
    double deviation(String name);

    /// The same for another vocabulary.
    ///
    /// @param vocabularySize rows of the embedding
    /// @param special token ids with a meaning
    Architecture withTokens(int vocabularySize, SpecialIds special);

    /// A model with the weights of `weights`, whose table is [#weights].
    Model model(WeightLoader weights);
}
