package org.panamask.tensor;

import java.util.List;

/// How a token is chosen from a row of logits. Filters apply in this order: forbidden ids, temperature, top-k, top-p.
///
/// @param temperature divides the logits; above 0
/// @param topK keep the k largest logits; 0 keeps all
/// @param topP keep the most likely entries until their mass exceeds it; 1 or more keeps all. An entry goes when the
///     mass before it exceeds the bound, so the first always stays
/// @param forbidden ids that are never chosen
/// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA, model.py, top_p_logits</a>
public record TokenRule(double temperature, int topK, double topP, List<Integer> forbidden) {
    /// Checks the ranges and keeps its own copy of the list.
    public TokenRule {
        if (!(temperature > 0) || topK < 0 || !(topP > 0)) {
            throw new IllegalArgumentException("token rule: temperature and top_p must be above 0 and top_k not"
                    + " negative, but got temperature " + temperature + ", top_p " + topP + ", top_k " + topK);
        }
        forbidden = List.copyOf(forbidden);
    }

    /// The plain rule: no filter, temperature 1.
    public static TokenRule plain() {
        return new TokenRule(1, 0, 1, List.of());
    }
}
