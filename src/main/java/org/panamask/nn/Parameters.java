package org.panamask.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.panamask.tensor.Weight;

/// The weights of a model or an adapter by their checkpoint names, in a fixed order.
public final class Parameters {
    private static final Pattern NO_DECAY =
            Pattern.compile("bias|layernorm|rmsnorm|(?:^|\\.)norm(?:$|\\.)|_norm(?:$|\\.)|(?:^|\\.)ln_[12f](?:$|\\.)");

    private final Map<String, Weight> weights;

    private Parameters(Map<String, Weight> weights) {
        this.weights = Collections.unmodifiableMap(weights);
    }

    /// The given weights in the given order.
    ///
    /// @throws IllegalArgumentException if two have one name
    public static Parameters of(List<Weight> weights) {
        Map<String, Weight> named = new LinkedHashMap<>();
        for (Weight weight : weights) {
            if (named.putIfAbsent(weight.name(), weight) != null) {
                throw new IllegalArgumentException(
                        "parameters: names must differ, but got " + weight.name() + " twice");
            }
        }
        return new Parameters(named);
    }

    /// The same with `weight` under `name` behind the others.
    ///
    /// @throws IllegalArgumentException if there is one of that name
    public Parameters and(String name, Weight weight) {
        Map<String, Weight> more = new LinkedHashMap<>(weights);
        if (more.putIfAbsent(name, weight) != null) {
            throw new IllegalArgumentException("parameters: names must differ, but got " + name + " twice");
        }
        return new Parameters(more);
    }

    /// The weights by name.
    public Map<String, Weight> byName() {
        return weights;
    }

    /// Whether weight decay applies to the parameter `name`: to all but biases and the gains of norms, which GPT-2
    /// calls `ln_1`, `ln_2` and `ln_f`.
    ///
    /// @see <a href="https://github.com/huggingface/transformers">huggingface/transformers, trainer.py,
    ///     get_decay_parameter_names</a>
    public static boolean decays(String name) {
        return !NO_DECAY.matcher(name.toLowerCase(Locale.ROOT)).find();
    }

    /// All names.
    public Set<String> names() {
        return weights.keySet();
    }

    /// All weights.
    public List<Weight> all() {
        return List.copyOf(weights.values());
    }

    /// Those that training may change.
    public List<Weight> trainable() {
        return weights.values().stream().filter(Weight::trainable).toList();
    }

    /// The weight called `name`.
    ///
    /// @throws IllegalArgumentException if there is none
    public Weight weight(String name) {
        Weight weight = weights.get(name);
        if (weight == null) {
            throw new IllegalArgumentException("parameters: there is no weight " + name + "; there are " + names());
        }
        return weight;
    }

    /// How many numbers all of them hold.
    public long count() {
        return weights.values().stream()
                .mapToLong(weight -> weight.shape().count())
                .sum();
    }
}
