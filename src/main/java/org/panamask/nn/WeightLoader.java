package org.panamask.nn;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Weight;

/// Hands a model its weights by name while it is put together.
///
/// @param table the names and shapes of all weights
/// @param source where their numbers come from
/// @param ops makes them
/// @param owner keeps them
/// @param trainable whether training may change them
public record WeightLoader(
        Map<String, Shape> table, TensorSource source, BackwardOps ops, Owner owner, boolean trainable) {
    /// The weight `name`.
    ///
    /// @throws IllegalArgumentException if the table has none of that name
    public Weight take(String name) {
        Shape shape = table.get(name);
        if (shape == null) {
            throw new IllegalArgumentException("weights: the table has no " + name);
        }
        return ops.weight(owner, source.tensor(name, shape), trainable);
    }

    /// The linear map at `path`, with a bias where the table has one.
    public Linear linear(String path) {
        Optional<Weight> bias =
                table.containsKey(path + ".bias") ? Optional.of(take(path + ".bias")) : Optional.empty();
        return new Linear(path, take(path + ".weight"), bias);
    }

    /// The linear maps at `prefix` and each of `names`.
    public List<Linear> linears(String prefix, List<String> names) {
        return names.stream().map(name -> linear(prefix + name)).toList();
    }

    /// The norm with gain and bias at `path`.
    public LayerNorm layerNorm(String path, double epsilon) {
        return new LayerNorm(take(path + ".weight"), take(path + ".bias"), epsilon);
    }

    /// The norm at `path`.
    public RmsNorm rmsNorm(String path, double epsilon) {
        return new RmsNorm(take(path + ".weight"), epsilon);
    }
}
