package org.panamask.tensor;

import java.util.List;

/// How sure the head is of the token chosen for a row: what samplers order and bound candidates by. Larger is surer.
///
/// @param measure which number
/// @param basis the distribution it is taken of
/// @param ignored ids whose probability counts as 0 in it, the others sharing their mass; a token may still be chosen
///     that is ignored, and has probability 0 then
public record Confidence(Measure measure, Basis basis, List<Integer> ignored) {
    /// The log-probability of the chosen token after temperature and filters.
    public static final Confidence CHOSEN = new Confidence(Measure.TOKEN, Basis.FILTERED, List.of());

    /// What is added to a probability before its logarithm is taken for an entropy.
    private static final double LEAST = 1e-10;

    /// Numbers that say how sure a distribution is.
    public enum Measure {
        /// The log-probability of the chosen token.
        TOKEN,
        /// The largest probability less the second largest.
        MARGIN,
        /// The negative entropy, `sum p ln(p + 1e-10)`.
        ///
        /// @see <a href="https://github.com/DreamLM/Dream">DreamLM/Dream, generation_utils.py,
        /// sample_tokens</a>
        ENTROPY
    }

    /// Distributions that confidence may be taken of. Forbidden ids have no probability in either, and biases count
    /// in both.
    public enum Basis {
        /// What tokens are drawn from: after temperature and filters.
        FILTERED,
        /// The softmax of the logits, without temperature and filters.
        RAW
    }

    /// Keeps its own copy of the list.
    public Confidence {
        ignored = List.copyOf(ignored);
    }

    /// What a probability `p` adds to [Measure#ENTROPY].
    public static double entropy(double p) {
        return p * Math.log(p + LEAST);
    }
}
