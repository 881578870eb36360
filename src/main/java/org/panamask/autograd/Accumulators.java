package org.panamask.autograd;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Owner;
import org.panamask.tensor.ShapeException;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// The gradient sums of the weights that training changes: one tensor a weight, of its shape, summed over micro-batches
/// until cleared. Weights without one get no gradient and cost nothing.
public final class Accumulators {
    private final Map<Weight, Tensor> sums;

    private Accumulators(Map<Weight, Tensor> sums) {
        this.sums = sums;
    }

    /// Sums of zero for `weights`, in their order.
    ///
    /// @throws ShapeException if a weight is not trainable
    public static Accumulators of(BackwardOps ops, Owner owner, List<Weight> weights) {
        Map<Weight, Tensor> sums = new LinkedHashMap<>();
        for (Weight weight : weights) {
            requireTrainable(weight);
            sums.put(weight, ops.zeros(owner, weight.shape(), ops.sumType()));
        }
        return new Accumulators(sums);
    }

    /// Sums that are kept elsewhere: one tensor a weight, of its shape and of zeros, in the order of the map.
    ///
    /// @throws ShapeException if a weight is not trainable, or a sum has another shape
    public static Accumulators over(SequencedMap<Weight, Tensor> sums) {
        sums.forEach((weight, sum) -> {
            requireTrainable(weight);
            if (!sum.shape().equals(weight.shape())) {
                throw new ShapeException("gradients: the sum of " + weight.name() + " must be " + weight.shape()
                        + ", but got " + sum.shape());
            }
        });
        return new Accumulators(new LinkedHashMap<>(sums));
    }

    private static void requireTrainable(Weight weight) {
        if (!weight.trainable()) {
            throw new ShapeException("gradients: weights must be trainable, but got " + weight.name());
        }
    }

    /// No sums: nothing but watched tensors gets a gradient.
    public static Accumulators none() {
        return new Accumulators(Map.of());
    }

    /// The sum of `weight`, if it has one.
    public Optional<Tensor> find(Weight weight) {
        return Optional.ofNullable(sums.get(weight));
    }

    /// The weights, in order.
    public List<Weight> weights() {
        return List.copyOf(sums.keySet());
    }

    /// The sums, in the order of the weights.
    public List<Tensor> tensors() {
        return List.copyOf(sums.values());
    }

    /// Sets every sum to zero.
    public void clear(BackwardOps ops) {
        sums.values().forEach(ops::clear);
    }
}
