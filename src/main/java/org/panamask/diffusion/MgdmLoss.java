package org.panamask.diffusion;

import org.panamask.tensor.TokenWeighting;

/// The loss of multi-granularity diffusion: cross entropy of the hidden tokens, each row weighted by its time and each
/// token by how hard it is. Column 0 is scored with its own hidden state, every other with that of the column before.
///
/// @param steps T
/// @param time the weight of a row's time
/// @param tokens the weight of a token
/// @param normalization what the weighted sum is divided by
/// @see <a href="https://arxiv.org/abs/2410.14157">Ye et al. 2024</a>
public record MgdmLoss(int steps, TimeWeighting time, TokenWeighting tokens, LossNormalization normalization) {
    /// How many columns of `rows` noise may hide, and the loss may score.
    public int scorable(TokenRows rows) {
        int count = 0;
        for (boolean maskable : rows.maskable()) {
            count += maskable ? 1 : 0;
        }
        return count;
    }

    /// The rows to score. Under [LossNormalization#REFERENCE] the sum is divided by the hidden columns here and the
    /// number of micro-batches of `window`, under [LossNormalization#TOKEN_BOUND] by the scorable columns of the
    /// whole window.
    public ScoredRows score(DiscreteMasker.Noisy noisy, LossWindow window) {
        TokenRows clean = noisy.clean();
        ScoredRows.Builder scored = new ScoredRows.Builder(noisy.ids().length);
        for (int n = 0; n < noisy.ids().length; n++) {
            if (noisy.hidden()[n]) {
                int position = clean.positions()[n];
                int source = n - position + Alignment.SHIFTED_IN_PLACE.source(position);
                scored.add(source, clean.ids()[n], time.at(noisy.time(clean.segments()[n]), steps));
            }
        }
        ScoredRows all = scored.build(
                switch (normalization) {
                    case REFERENCE -> (double) scored.count() * window.microBatches();
                    case TOKEN_BOUND -> (double) window.scoredTokens();
                });
        return all.withTokens(tokens);
    }
}
