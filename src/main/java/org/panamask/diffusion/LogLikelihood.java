package org.panamask.diffusion;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.stream.IntStream;

/// Ways to estimate how likely a model finds the scored tokens of a text.
public sealed interface LogLikelihood {
    /// The estimate for `text`.
    Estimate of(ScoredText text);

    /// What was estimated.
    ///
    /// @param nll the negative log-likelihood of all scored tokens together, in nats
    /// @param batches what each batch of draws says of it; one number where nothing is drawn
    /// @param rows the rows that were drawn
    /// @param computed the rows that were computed: equal ones once, and those without a hidden token not at all
    record Estimate(double nll, List<Double> batches, int rows, int computed) {
        /// Keeps its own copy.
        public Estimate {
            batches = List.copyOf(batches);
        }

        /// The standard error that the draws give `nll`: the standard deviation of the batches by the square
        /// root of their number; not a number where there is one batch only.
        public double standardError() {
            int count = batches.size();
            double squares = batches.stream()
                    .mapToDouble(one -> (one - nll) * (one - nll))
                    .sum();
            return count < 2 ? Double.NaN : Math.sqrt(squares / (count - 1) / count);
        }
    }

    /// A Monte Carlo estimate of an upper bound: the mean over `batches` batches of the mean over their draws of
    /// the cross entropies of hidden tokens, each divided by its rate.
    ///
    /// @param scorer computes
    /// @param draws hides tokens
    /// @param batches how many, at least 1
    /// @see <a href="https://github.com/ML-GSAI/LLaDA">ML-GSAI/LLaDA, get_log_likelihood.py</a>
    /// @see <a href="https://github.com/DreamLM/Dream">DreamLM/Dream, eval/eval.py, _eval_target_nll_mc</a>
    record MonteCarlo(PatternScorer scorer, MaskDraws draws, int batches) implements LogLikelihood {
        @Override
        public Estimate of(ScoredText text) {
            return of(
                    text,
                    IntStream.range(0, batches)
                            .mapToObj(number -> draws.batch(text, number))
                            .toList());
        }

        /// The estimate from given draws.
        public Estimate of(ScoredText text, List<List<MaskDraws.Draw>> given) {
            SequencedSet<MaskPattern> patterns = new LinkedHashSet<>();
            given.forEach(batch -> batch.forEach(draw -> patterns.add(draw.pattern())));
            Map<MaskPattern, Double> sums = scorer.sums(text, patterns);
            List<Double> means = new ArrayList<>();
            for (List<MaskDraws.Draw> batch : given) {
                means.add(batch.stream()
                        .mapToDouble(draw -> sums.getOrDefault(draw.pattern(), 0.0) / draw.rate())
                        .average()
                        .orElse(0));
            }
            return new Estimate(
                    means.stream().mapToDouble(one -> one).average().orElse(0),
                    means,
                    given.stream().mapToInt(List::size).sum(),
                    computed(patterns));
        }
    }

    /// Token by token, exact for the order: each is predicted from the prompt and all that come before it in the
    /// order, while it and all that come behind are hidden.
    ///
    /// @param scorer computes
    /// @param backwards whether the last token comes first
    /// @see <a href="https://github.com/DreamLM/Dream">DreamLM/Dream, eval/eval.py, _eval_target_nll_ar</a>
    record Chain(PatternScorer scorer, boolean backwards) implements LogLikelihood {
        @Override
        public Estimate of(ScoredText text) {
            int n = text.scored();
            SequencedSet<MaskPattern> patterns = new LinkedHashSet<>();
            for (int i = 0; i < n; i++) {
                patterns.add(backwards ? MaskPattern.run(0, i + 1, i) : MaskPattern.run(i, n, i));
            }
            double nll = scorer.sums(text, patterns).values().stream()
                    .mapToDouble(one -> one)
                    .sum();
            return new Estimate(nll, List.of(nll), n, computed(patterns));
        }
    }

    private static int computed(SequencedSet<MaskPattern> patterns) {
        return Math.toIntExact(
                patterns.stream().filter(pattern -> !pattern.asked().isEmpty()).count());
    }
}
