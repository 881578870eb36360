package org.panamask.sampling;

import java.util.HashMap;
import java.util.Map;

/// What tokens of a block gained by being the best of their column in earlier steps. Only those that once were have
/// any, so it is kept by token.
///
/// @see <a href="https://arxiv.org/abs/2510.08666">Ma et al. 2025, dInfer, credit decoding</a>
final class Credits {
    private final double alpha;
    private final double gamma;
    private final double beta;
    private final Map<Integer, Map<Integer, Double>> byColumn = new HashMap<>();

    Credits(TransferSettings settings) {
        alpha = settings.creditAlpha().orElse(0.7);
        gamma = settings.creditGamma().orElse(0.2);
        beta = settings.creditBeta().orElse(0.8);
    }

    /// Takes the best token of `logits` into account, then raises the logits of those that have credit.
    void apply(int column, double[] logits) {
        Map<Integer, Double> credits = byColumn.computeIfAbsent(column, _ -> new HashMap<>());
        credits.replaceAll((_, credit) -> credit * beta);
        int best = LogitsRule.largest(logits);
        credits.merge(best, Math.pow(LogitsRule.softmax(logits)[best], gamma), Double::sum);
        credits.forEach((id, credit) -> logits[id] += alpha * Math.log1p(credit));
    }

    /// Forgets everything, for the next block.
    void clear() {
        byColumn.clear();
    }
}
