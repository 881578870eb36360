package org.panamask.diffusion;

/// The loss of masked diffusion: cross entropy of the hidden tokens, each row weighted by `1 / t`.
///
/// @param shift whether column i is predicted from the hidden state of column i - 1; the first column of a row or
///     packed segment is then never scored
/// @param normalization what the weighted sum is divided by
/// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA, train/ddm/trainer.py, inner_forward</a>
public record DiffusionLoss(boolean shift, LossNormalization normalization) {
    /// How many columns of `rows` noise may hide and the loss may score: the denominator of the bound per token.
    public int scorable(TokenRows rows) {
        int count = 0;
        for (int b = 0; b < rows.batch(); b++) {
            count += scorable(rows, b);
        }
        return count;
    }

    /// The same of row `b` alone, whatever is packed into it.
    public int scorable(TokenRows rows, int b) {
        int count = 0;
        for (int i = 0; i < rows.tokens(); i++) {
            int n = b * rows.tokens() + i;
            if (rows.maskable()[n] && isScored(rows.positions()[n])) {
                count++;
            }
        }
        return count;
    }

    /// The rows to score. Under [LossNormalization#REFERENCE] the sum is divided by the masked columns here and the
    /// number of micro-batches of `window`, and a mask token that stood in the data counts as masked; under
    /// [LossNormalization#TOKEN_BOUND] it is divided by the scorable columns of the whole window.
    public ScoredRows score(Corrupted noisy, LossWindow window) {
        TokenRows clean = noisy.clean();
        boolean[] masked = noisy.masked();
        ScoredRows.Builder scored = new ScoredRows.Builder(masked.length);
        for (int n = 0; n < masked.length; n++) {
            if (masked[n] && isScored(clean.positions()[n]) && counts(clean, n)) {
                scored.add(shift ? n - 1 : n, clean.ids()[n], noisy.weight(n));
            }
        }
        return scored.build(
                switch (normalization) {
                    case REFERENCE -> (double) scored.count() * window.microBatches();
                    case TOKEN_BOUND -> (double) window.scoredTokens();
                });
    }

    private boolean counts(TokenRows clean, int n) {
        return switch (normalization) {
            case REFERENCE -> true;
            case TOKEN_BOUND -> clean.maskable()[n];
        };
    }

    private boolean isScored(int position) {
        return !shift || position > 0;
    }
}
