package org.panamask.diffusion;

import org.panamask.tensor.AttentionMask;
import org.panamask.tensor.TokenWeighting;

/// The loss of Dream's fine-tuning: cross entropy of the hidden tokens, column i predicted from the hidden state of
/// column i - 1, each token weighted by time or context and by how hard it is.
///
/// @param time what the time or the context makes of a token
/// @param context the context weights of [DreamWeighting#CART]
/// @param tokens how a token's cross entropy counts
/// @param normalization what the weighted sum is divided by
/// @see <a href="https://github.com/DreamLM/Dream">DreamLM/Dream, src/trainer/fsdp_sft_trainer.py</a>
public record DreamLoss(
        DreamWeighting time, ContextWeights context, TokenWeighting tokens, LossNormalization normalization) {
    /// How many columns of `rows` noise may hide.
    public int scorable(TokenRows rows) {
        return rows.maskableCount();
    }

    /// The rows to score. Under [LossNormalization#REFERENCE] the sum is divided by the hidden columns here and the
    /// number of micro-batches of `window`, under [LossNormalization#TOKEN_BOUND] by the scorable columns of the
    /// whole window.
    public ScoredRows score(Corrupted noisy, LossWindow window) {
        TokenRows clean = noisy.clean();
        double[] weights = weights(noisy);
        ScoredRows.Builder scored = new ScoredRows.Builder(noisy.ids().length);
        for (int n = 0; n < noisy.ids().length; n++) {
            if (noisy.hidden()[n]) {
                int position = clean.positions()[n];
                int source = n - position + Alignment.SHIFTED_IN_PLACE.source(position);
                scored.add(source, clean.ids()[n], weights[n]);
            }
        }
        ScoredRows all = scored.build(
                switch (normalization) {
                    case REFERENCE -> (double) scored.count() * window.microBatches();
                    case TOKEN_BOUND -> (double) window.scoredTokens();
                });
        return all.withTokens(tokens);
    }

    /// The weight of every column of `noisy`; only those of hidden columns count. Padding that the model does not
    /// see is no context.
    public double[] weights(Corrupted noisy) {
        TokenRows clean = noisy.clean();
        double[] weights = new double[noisy.ids().length];
        if (time == DreamWeighting.CART) {
            fillContext(noisy, weights);
            return weights;
        }
        for (int n = 0; n < weights.length; n++) {
            int segment = clean.segments()[n];
            weights[n] = segment < 0 ? 0 : atTime(noisy.times()[segment]);
        }
        return weights;
    }

    private double atTime(float t) {
        return switch (time) {
            case ORIGINAL -> 1.0 / t;
            case LINEAR -> 1 - t;
            case NONE, CART -> 1;
        };
    }

    private void fillContext(Corrupted noisy, double[] weights) {
        TokenRows clean = noisy.clean();
        int[] segments = clean.segments();
        int from = 0;
        while (from < segments.length) {
            int segment = segments[from];
            int to = from + 1;
            while (to < segments.length && segments[to] == segment) {
                to++;
            }
            if (segment >= 0) {
                int end = clean.visible() instanceof AttentionMask.Lengths lengths
                        ? from + lengths.lengths().get(from / clean.tokens())
                        : to;
                context.fill(noisy.hidden(), weights, from, end);
            }
            from = to;
        }
    }
}
