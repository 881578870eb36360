package org.panamask.model;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.panamask.nn.Linear;
import org.panamask.nn.Parameters;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.Weight;

/// The two ends of a model, embedding and head, which may be one weight.
final class TokenTables {
    private final String name;
    private final String headName;
    private Weight embedding;
    private Weight head;

    private TokenTables(Architecture config, Weight embedding, Weight head) {
        this.name = config.embeddingName();
        this.headName = config.headName();
        this.embedding = embedding;
        this.head = head;
    }

    static TokenTables of(Architecture config, WeightLoader weights) {
        Weight embedding = weights.take(config.embeddingName());
        return new TokenTables(config, embedding, config.tied() ? embedding : weights.take(config.headName()));
    }

    Weight embedding() {
        return embedding;
    }

    Weight head() {
        return head;
    }

    /// Whether both are the same weight, not an equal one.
    boolean isTied() {
        return head.equals(embedding);
    }

    /// Both with the weights `between` them; a tied head is not listed.
    Parameters parameters(Stream<Weight> between) {
        Parameters parameters =
                Parameters.of(Stream.concat(Stream.of(embedding), between).toList());
        return isTied() ? parameters : parameters.and(headName, head);
    }

    /// The names that [#replace] takes.
    List<String> replaceable(List<Linear> linears) {
        return Stream.concat(Stream.of(name, headName), linears.stream().map(linear -> linear.path() + ".weight"))
                .toList();
    }

    /// Puts `weight` in place of the one called `replaced`, here or in `linears`.
    ///
    /// @throws ModelException if there is no such weight or its shape differs
    void replace(String replaced, Weight weight, List<Linear> linears) {
        Optional<Linear> linear = linears.stream()
                .filter(one -> replaced.equals(one.path() + ".weight"))
                .findFirst();
        if (replaced.equals(name)) {
            requireShape(replaced, embedding, weight);
            embedding = weight;
        } else if (replaced.equals(headName)) {
            requireShape(replaced, head, weight);
            head = weight;
        } else if (linear.isPresent()) {
            requireShape(replaced, linear.get().weight(), weight);
            linear.get().replace(weight);
        } else {
            throw new ModelException("replace " + replaced
                    + ": only linear maps, the embedding and the head can be replaced; leave it out of the adapter");
        }
    }

    private static void requireShape(String name, Weight old, Weight weight) {
        if (!old.shape().equals(weight.shape())) {
            throw new ModelException(
                    "replace " + name + ": a weight " + old.shape() + " is needed, but got " + weight.shape());
        }
    }
}
