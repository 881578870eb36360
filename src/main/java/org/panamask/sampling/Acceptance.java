package org.panamask.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// Which candidates of a step open, by what the model says of them. The surest always does, so that a block gets full.
@FunctionalInterface
interface Acceptance {
    /// The places of the accepted ones among `said`, which holds at least one.
    List<Integer> accept(Candidates said);

    /// Those of at least the probability `threshold`, or above it where `strict`.
    static Acceptance threshold(double threshold, boolean strict) {
        return said -> {
            int best = said.byScore().getFirst();
            return IntStream.range(0, said.count())
                    .filter(n ->
                            n == best || (strict ? said.probability(n) > threshold : said.probability(n) >= threshold))
                    .boxed()
                    .toList();
        };
    }

    /// Those of at least `threshold`, or what is a little less than the best if that is below.
    ///
    /// @see <a href="https://github.com/inclusionAI/dInfer">inclusionAI/dInfer, decoding/parallel_strategy.py,
    ///     get_transfer_index_threshold</a>
    static Acceptance bentThreshold(double threshold) {
        return said -> {
            double best = said.probability(said.byScore().getFirst());
            return IntStream.range(0, said.count())
                    .filter(n -> said.probability(n) >= Math.min(threshold, best - 1e-5))
                    .boxed()
                    .toList();
        };
    }

    /// The longest prefix of the surest n whose probabilities are all at least `1 - factor / (n + 1)`.
    ///
    /// @see <a href="https://arxiv.org/abs/2505.22618">Wu et al. 2025, theorem 1</a>
    static Acceptance factor(double factor) {
        return said -> {
            List<Integer> order = said.byScore();
            int n = 1;
            while (n < order.size() && said.probability(order.get(n)) >= 1 - factor / (n + 2)) {
                n++;
            }
            return order.subList(0, n);
        };
    }

    /// In order of entropy while the entropies of those before sum up to at most `bound`. Scores are negative
    /// entropies.
    ///
    /// @see <a href="https://arxiv.org/abs/2505.24857">Ben-Hamu et al. 2025</a>
    static Acceptance entropyBound(double bound) {
        return said -> {
            List<Integer> order = said.byScore();
            double before = 0;
            int n = 0;
            while (n < order.size() && before <= bound) {
                before -= said.score(order.get(n++));
            }
            return order.subList(0, n);
        };
    }

    /// The best of each run of neighbouring candidates that is above `low`, every one above `threshold`, and the
    /// best of all.
    ///
    /// @see <a href="https://arxiv.org/abs/2510.08666">Ma et al. 2025, dInfer, hierarchical decoding</a>
    static Acceptance hierarchy(double threshold, double low) {
        return said -> {
            int best = said.byScore().getFirst();
            List<Integer> accepted = new ArrayList<>();
            int from = 0;
            while (from < said.count()) {
                int to = from + 1;
                int top = from;
                while (to < said.count() && said.column(to) == said.column(to - 1) + 1) {
                    top = said.score(to) > said.score(top) ? to : top;
                    to++;
                }
                for (int n = from; n < to; n++) {
                    if (n == best || n == top && said.probability(n) > low || said.probability(n) > threshold) {
                        accepted.add(n);
                    }
                }
                from = to;
            }
            return accepted;
        };
    }
}
