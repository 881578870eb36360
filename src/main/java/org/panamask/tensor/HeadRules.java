package org.panamask.tensor;

import java.util.List;

/// What the operations that end at a head demand, and the shapes that they return; [ShapeRules] has those of the
/// others.
public final class HeadRules {
    private HeadRules() {}

    /// The rules of [Ops#logits].
    public static Shape logits(Tensor hidden, Weight head) {
        return head("logits", hidden, head);
    }

    /// The rules of [Ops#crossEntropy].
    ///
    /// @return the shape of the values of each row, `[R]`
    public static Shape crossEntropy(Tensor hidden, Weight head, Scoring scoring) {
        Tensor targets = scoring.targets();
        Tensor weights = scoring.weights();
        head("crossEntropy", hidden, head);
        Operands.requireInts("crossEntropy", "targets", targets);
        Operands.requireSumType("crossEntropy", "weights", hidden, weights);
        Shape rows = Shape.of(hidden.shape().extent(0));
        if (!targets.shape().equals(rows) || !weights.shape().equals(rows)) {
            throw Operands.refused(
                    "crossEntropy: hidden [R, D] needs targets [R] and weights [R]",
                    hidden.shape(),
                    targets.shape(),
                    weights.shape());
        }
        return rows;
    }

    /// The rules of [Ops#argmax].
    ///
    /// @return the shape of both parts of the prediction, `[R]`
    /// @throws IllegalArgumentException if an id of the rule is outside the vocabulary, or all ids are forbidden
    public static Shape argmax(Tensor hidden, Weight head, TokenRule rule) {
        return prediction("argmax", hidden, head, rule);
    }

    /// The rules of [Ops#sample].
    ///
    /// @return the shape of both parts of the prediction, `[R]`
    /// @throws IllegalArgumentException if an id of the rule is outside the vocabulary, or all ids are forbidden
    public static Shape sample(Tensor hidden, Weight head, TokenRule rule, Tensor uniforms) {
        Shape rows = prediction("sample", hidden, head, rule);
        Operands.requireSumType("sample", "uniforms", hidden, uniforms);
        if (!uniforms.shape().equals(rows)) {
            throw Operands.refused("sample: hidden [R, D] needs uniforms [R]", hidden.shape(), uniforms.shape());
        }
        return rows;
    }

    private static Shape prediction(String operation, Tensor hidden, Weight head, TokenRule rule) {
        Shape logits = head(operation, hidden, head);
        long vocabulary = logits.last();
        requireIds(operation + ": forbidden ids", rule.forbidden(), vocabulary);
        requireIds(
                operation + ": biased ids",
                rule.bias().keySet().stream().sorted().toList(),
                vocabulary);
        requireIds(operation + ": ids ignored in confidence", rule.confidence().ignored(), vocabulary);
        if (rule.forbidden().stream().distinct().count() == vocabulary) {
            throw new IllegalArgumentException(
                    operation + ": a token must be left to choose, but all " + vocabulary + " are forbidden");
        }
        return Shape.of(logits.extent(0));
    }

    private static void requireIds(String what, List<Integer> ids, long vocabulary) {
        for (int position = 0; position < ids.size(); position++) {
            Operands.requireIndex(what, ids.get(position), position, vocabulary);
        }
    }

    static Shape head(String operation, Tensor hidden, Weight head) {
        return ShapeRules.product(operation, "hidden", "hidden [R, D] needs head [V, D]", hidden, head);
    }
}
