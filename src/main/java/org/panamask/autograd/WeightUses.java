package org.panamask.autograd;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.panamask.tensor.Weight;

/// Counts on the way there how often each trained weight is used, and knows on the way back when the last of these uses
/// has added to its gradient. A link of a chain that is computed again is counted the first time only.
final class WeightUses {
    private final Accumulators accumulators;
    private final Map<Weight, Integer> open = new IdentityHashMap<>();
    private Consumer<Weight> listener = _ -> {};
    private boolean turned;

    WeightUses(Accumulators accumulators) {
        this.accumulators = accumulators;
    }

    void tell(Consumer<Weight> wanted) {
        listener = wanted;
    }

    /// Whether one of `weights` is trained; an operation that asks uses all of them.
    boolean of(Weight... weights) {
        boolean trained = false;
        for (Weight weight : weights) {
            if (accumulators.find(weight).isPresent()) {
                trained = true;
                if (!turned) {
                    open.merge(weight, 1, Integer::sum);
                }
            }
        }
        return trained;
    }

    /// The way back begins: weights that no operation on it touches have their gradient already.
    void turn() {
        turned = true;
        accumulators.weights().stream()
                .filter(weight -> !open.containsKey(weight))
                .forEach(listener);
    }

    /// One use of `weight` has added to its gradient.
    void undone(Weight weight) {
        if (open.containsKey(weight) && open.merge(weight, -1, Integer::sum) == 0) {
            listener.accept(weight);
        }
    }
}
