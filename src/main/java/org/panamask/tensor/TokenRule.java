package org.panamask.tensor;

import java.util.List;
import java.util.Map;

/// How a token is chosen from a row of logits, and how sure the choice is. Biases count before everything else; then
/// forbidden ids go, temperature divides, and filters drop what is unlikely.
///
/// @param temperature divides the logits; above 0
/// @param filters what is dropped for being unlikely
/// @param forbidden ids that are never chosen
/// @param bias what is added to the logits of some ids
/// @param confidence how sure the choice is
public record TokenRule(
        double temperature,
        Filters filters,
        List<Integer> forbidden,
        Map<Integer, Double> bias,
        Confidence confidence) {

    /// Filters of unlikely tokens. Of equal entries those with lower ids stay.
    ///
    /// @param topK keep the k largest logits; 0 keeps all
    /// @param topP keep the most likely entries until their mass exceeds it; 1 or more keeps all. An entry goes
    ///     when the mass before it exceeds the bound, so the first always stays
    /// @param first which of the two sees all entries; the other sees what that one leaves
    /// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA, model.py, top_p_logits</a>
    /// @see <a href="https://github.com/DreamLM/Dream">DreamLM/Dream, generation_utils.py, sample_tokens</a>
    public record Filters(int topK, double topP, First first) {
        /// Drops nothing.
        public static final Filters NONE = new Filters(0, 1, First.TOP_K);

        /// Which filter comes first.
        public enum First {
            /// The k largest, and of their mass top-p, as in DiffuLLaMA.
            TOP_K,
            /// Top-p of the whole mass, and at most k of what is left, as in Dream.
            TOP_P
        }

        /// Checks the ranges.
        public Filters {
            if (topK < 0 || !(topP > 0)) {
                throw new IllegalArgumentException("token rule: top_p must be above 0 and top_k not negative, but got"
                        + " top_p " + topP + ", top_k " + topK);
            }
        }

        /// Whether anything can be dropped of `vocabulary` tokens.
        public boolean drops(long vocabulary) {
            return topK > 0 && topK < vocabulary || topP < 1;
        }
    }

    /// Checks the ranges and keeps its own copies.
    public TokenRule {
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("token rule: temperature must be above 0, but got " + temperature);
        }
        forbidden = List.copyOf(forbidden);
        bias = Map.copyOf(bias);
        bias.forEach((id, amount) -> {
            if (!Double.isFinite(amount)) {
                throw new IllegalArgumentException("token rule: the bias of id " + id
                        + " must be a finite number, but got " + amount + "; forbid what must not be chosen");
            }
        });
    }

    /// A rule without biases that filters by top-k, then by top-p, and whose confidence is the chosen token's
    /// log-probability.
    public TokenRule(double temperature, int topK, double topP, List<Integer> forbidden) {
        this(temperature, new Filters(topK, topP, Filters.First.TOP_K), forbidden, Map.of(), Confidence.CHOSEN);
    }

    /// The plain rule: no filter, temperature 1.
    public static TokenRule plain() {
        return new TokenRule(1, 0, 1, List.of());
    }

    /// The same with other biases, by id.
    public TokenRule withBias(Map<Integer, Double> other) {
        return new TokenRule(temperature, filters, forbidden, other, confidence);
    }

    /// The same with another confidence.
    public TokenRule withConfidence(Confidence other) {
        return new TokenRule(temperature, filters, forbidden, bias, other);
    }

    /// Whether confidence is taken of the distribution that tokens are drawn from, over `vocabulary` tokens:
    /// because it is asked of that one, or because temperature and filters leave the raw one as it is.
    public boolean confidenceOfDrawn(long vocabulary) {
        return confidence.basis() == Confidence.Basis.FILTERED || temperature == 1 && !filters.drops(vocabulary);
    }
}
