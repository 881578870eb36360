package org.panamask.diffusion;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// How a Monte Carlo estimate of likelihood hides tokens: batches of `rows` draws, whose rates are spread evenly over
/// all rates from a random start.
public sealed interface MaskDraws {
    /// One draw.
    ///
    /// @param pattern what is hidden
    /// @param rate one over the weight of its cross entropies
    record Draw(MaskPattern pattern, float rate) {}

    /// The draws of a batch.
    int rows();

    /// Batch `number` for `text`.
    List<Draw> batch(ScoredText text, int number);

    /// LLaDA's: numbers of hidden tokens, of `1 .. n`, spread evenly; which ones are hidden is drawn uniformly.
    ///
    /// @param rows the draws of a batch, at least 1
    /// @param noise where random numbers come from
    /// @see <a href="https://github.com/ML-GSAI/LLaDA">ML-GSAI/LLaDA, get_log_likelihood.py, forward_process</a>
    record Counts(int rows, NoiseSource noise) implements MaskDraws {
        @Override
        public List<Draw> batch(ScoredText text, int number) {
            int n = text.scored();
            float u = noise.uniform(NoisePurpose.TIME, text.sample(), 0, number);
            int[] counts = stratified(1 + Math.min(n - 1, (int) (u * n)), rows, n);
            List<Draw> draws = new ArrayList<>();
            for (int j = 0; j < rows; j++) {
                draws.add(new Draw(MaskPattern.of(some(text, counts[j], number * rows + j)), (float) counts[j] / n));
            }
            return draws;
        }

        private BitSet some(ScoredText text, int count, int draw) {
            BitSet hidden = new BitSet();
            IntStream.range(0, text.scored())
                    .boxed()
                    .sorted(Comparator.comparingDouble(
                            i -> noise.uniform(NoisePurpose.MASK, text.sample(), text.columns()[i], draw)))
                    .limit(count)
                    .forEach(hidden::set);
            return hidden;
        }

        /// `rows` counts of `1 .. most`, from `first` on `most / rows` apart, rounded half to even and wrapped
        /// around.
        public static int[] stratified(int first, int rows, int most) {
            float start = first;
            float end = (float) (first + (rows - 1) * ((double) most / rows));
            float step = rows == 1 ? 0 : (end - start) / (rows - 1);
            int[] counts = new int[rows];
            for (int j = 0; j < rows; j++) {
                // torch.linspace counts the second half from the end.
                float x = j < rows / 2 || rows == 1 ? start + step * j : end - step * (rows - 1 - j);
                counts[j] = Math.floorMod((int) Math.rint(x) - 1, most) + 1;
            }
            return counts;
        }
    }

    /// Dream's: times spread evenly; each token is hidden by itself with the rate `(1 - epsilon) t + epsilon`, the
    /// first and the last of the text never.
    ///
    /// @param rows the draws of a batch, at least 1
    /// @param epsilon the least rate, at least 0 and below 1
    /// @param noise where random numbers come from
    /// @see <a href="https://github.com/DreamLM/Dream">DreamLM/Dream, eval/eval.py, _forward_process</a>
    record Times(int rows, double epsilon, NoiseSource noise) implements MaskDraws {
        @Override
        public List<Draw> batch(ScoredText text, int number) {
            float start = noise.uniform(NoisePurpose.TIME, text.sample(), 0, number);
            List<Draw> draws = new ArrayList<>();
            for (int j = 0; j < rows; j++) {
                float t = (start + (float) j / rows) % 1;
                float rate = (float) (1 - epsilon) * t + (float) epsilon;
                draws.add(new Draw(MaskPattern.of(some(text, rate, number * rows + j)), rate));
            }
            return draws;
        }

        private BitSet some(ScoredText text, float rate, int draw) {
            BitSet hidden = new BitSet();
            for (int i = 0; i < text.scored(); i++) {
                int column = text.columns()[i];
                if (column > 0
                        && column < text.ids().length - 1
                        && noise.uniform(NoisePurpose.MASK, text.sample(), column, draw) < rate) {
                    hidden.set(i);
                }
            }
            return hidden;
        }
    }
}
