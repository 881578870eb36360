package org.panamask.sampling;

import java.util.Optional;
import org.panamask.config.Alias;
import org.panamask.config.Key;
import org.panamask.config.Require;

/// Whether masks carry what the pass before let expect of their tokens. In pass i, counted from 0 over a text, the
/// embedding of a mask gets the expected embedding of its token added, times `min(init + growth * (i - 1), weight)`.
///
/// @param softEmbedding the largest weight; none where it is left out
/// @param softInit the weight after the first pass
/// @param softGrowth what each pass adds to the weight
/// @param thresholdDecay what each pass takes from a threshold that starts at 1
/// @see <a href="https://arxiv.org/abs/2510.08666">Ma et al. 2025, dInfer, iteration smoothing</a>
public record SoftSettings(
        @Key(
                doc = "add to the embeddings of masks what the pass before let expect, times at most this weight, above"
                        + " 0; dInfer takes 0.3",
                aliases = @Alias("cont_weight"))
        Optional<Double> softEmbedding,

        @Key(
                doc = "weight of soft_embedding after the first pass, at least 0; 0.15 when left out",
                aliases = @Alias("cont_weight_init"))
        Optional<Double> softInit,

        @Key(
                doc = "growth of the weight of soft_embedding with each pass, at least 0; 0.02 when left out",
                aliases = @Alias("cont_weight_growth"))
        Optional<Double> softGrowth,

        @Key(value = "0.0", doc = "let threshold fall from 1 by this much with each pass down to its value, at least 0")
        double thresholdDecay) {
    private static final double INIT = 0.15;
    private static final double GROWTH = 0.02;

    /// Checks the ranges, and that the keys go together.
    public SoftSettings {
        softEmbedding.ifPresent(value -> Require.positive("soft_embedding", value));
        softInit.ifPresent(value -> Require.notNegative("soft_init", value));
        softGrowth.ifPresent(value -> Require.notNegative("soft_growth", value));
        Require.that(
                softEmbedding.isPresent() || softInit.isEmpty() && softGrowth.isEmpty(),
                "soft_init and soft_growth must not be set without soft_embedding");
        Require.notNegative("threshold_decay", thresholdDecay);
    }

    /// Whether masks are softened.
    public boolean isOn() {
        return softEmbedding.isPresent();
    }

    /// The weight of what pass `pass`, counted from 0, lets expect.
    double weight(int pass) {
        return Math.min(softInit.orElse(INIT) + softGrowth.orElse(GROWTH) * pass, softEmbedding.orElse(0.0));
    }
}
