package org.panamask.checkpoint;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.panamask.tensor.Shape;

/// The tensors of a model by name, wherever they are stored.
public final class WeightSet {
    private final String owner;
    private final Map<String, WeightSource> sources;

    private WeightSet(String owner, Map<String, WeightSource> sources) {
        this.owner = owner;
        this.sources = Collections.unmodifiableMap(sources);
    }

    /// The given tensors; `owner` is what messages call the whole.
    ///
    /// @throws CheckpointException if a name occurs twice
    public static WeightSet of(String owner, List<WeightSource> sources) {
        Map<String, WeightSource> byName = new LinkedHashMap<>();
        for (WeightSource source : sources) {
            WeightSource before = byName.putIfAbsent(source.name(), source);
            if (before != null) {
                throw new CheckpointException(owner + ": a tensor must occur once, but got "
                        + Printable.of(source.name()) + " from " + before.file() + " and " + source.file()
                        + "; remove one of them");
            }
        }
        return new WeightSet(owner, byName);
    }

    /// The names, in the order of the files.
    public Set<String> names() {
        return sources.keySet();
    }

    /// Whether there is a tensor called `name`.
    public boolean has(String name) {
        return sources.containsKey(name);
    }

    /// The tensor called `name`.
    ///
    /// @throws CheckpointException if there is none
    public WeightSource tensor(String name) {
        WeightSource source = sources.get(name);
        if (source == null) {
            throw new CheckpointException(owner + ": tensor " + Printable.of(name)
                    + " is needed, but the weights have none of that name; check that config.json belongs to them");
        }
        return source;
    }

    /// The tensor called `name`, which must have the shape `needed`.
    ///
    /// @throws CheckpointException if there is none or it has another shape
    public WeightSource tensor(String name, Shape needed) {
        return tensor(name).require(needed);
    }

    /// Checks that every needed tensor is there and no other, save those that `ignorable` accepts.
    ///
    /// @throws CheckpointException if not; the message lists every missing and every unknown tensor
    public void requireExactly(Set<String> needed, Predicate<String> ignorable) {
        List<String> missing =
                needed.stream().filter(name -> !has(name)).sorted().toList();
        List<String> unknown = names().stream()
                .filter(name -> !needed.contains(name) && !ignorable.test(name))
                .sorted()
                .toList();
        if (missing.isEmpty() && unknown.isEmpty()) {
            return;
        }
        List<String> faults = new ArrayList<>();
        if (!missing.isEmpty()) {
            faults.add("missing are " + Printable.of(missing));
        }
        if (!unknown.isEmpty()) {
            faults.add("unknown are " + Printable.of(unknown));
        }
        throw new CheckpointException(owner + ": the weights must hold exactly the model's tensors, but "
                + String.join(" and ", faults) + "; check that config.json belongs to them");
    }

    /// The same tensors under the names that `naming` gives them, such as [WrapperNaming#toPlain].
    ///
    /// @throws CheckpointException if two tensors get the same name
    public WeightSet renamed(UnaryOperator<String> naming) {
        return of(
                owner,
                sources.values().stream()
                        .map(source -> source.named(naming.apply(source.name())))
                        .toList());
    }
}
