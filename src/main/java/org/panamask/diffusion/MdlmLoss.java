package org.panamask.diffusion;

/// The loss of LLaDA and of dllm: cross entropy of the hidden tokens, weighted by the time of their row, under a named
/// normalisation.
///
/// @param weighting what a row's time makes of its tokens
/// @param normalization what the weighted sum is divided by
/// @param alignment which hidden state predicts a column
/// @param literal whether a mask token that stood in the data counts as hidden, except under
///     [LossNormType#TOKEN_BOUND]
/// @see <a href="https://github.com/ML-GSAI/LLaDA">ML-GSAI/LLaDA, GUIDELINES.md</a>
/// @see <a href="https://github.com/ZHZisZZ/dllm">ZHZisZZ/dllm, dllm/core/trainers/mdlm.py, compute_loss</a>
public record MdlmLoss(RowWeighting weighting, LossNormType normalization, Alignment alignment, boolean literal) {
    /// LLaDA's: one over the masking probability, no shift, every mask token in a row is learnt.
    public static MdlmLoss llada(LossNormType normalization) {
        return new MdlmLoss(new RowWeighting.InverseRate(), normalization, Alignment.OWN, true);
    }

    /// dllm's. With `shift` column i is predicted from the hidden state of column i - 1, and column 0, which should
    /// hold a begin token, from its own.
    public static MdlmLoss mdlm(RowWeighting weighting, LossNormType normalization, boolean shift) {
        return new MdlmLoss(weighting, normalization, shift ? Alignment.SHIFTED_IN_PLACE : Alignment.OWN, false);
    }

    /// How many columns of `rows` noise may hide.
    public int scorable(TokenRows rows) {
        return rows.maskableCount();
    }

    /// The rows to score of one of the micro-batches of `window`.
    public ScoredRows score(Corrupted noisy, LossWindow window) {
        TokenRows clean = noisy.clean();
        boolean[] counted = counted(noisy);
        int[] lengths = clean.maskableCounts();
        ScoredRows.Builder scored = new ScoredRows.Builder(noisy.ids().length);
        for (int n = 0; n < noisy.ids().length; n++) {
            if (counted[n]) {
                int segment = clean.segments()[n];
                int position = clean.positions()[n];
                double weight = weighting.at(noisy.times()[segment]);
                scored.add(
                        n - position + alignment.source(position),
                        clean.ids()[n],
                        normalization == LossNormType.SEQUENCE ? weight / Math.max(1, lengths[segment]) : weight);
            }
        }
        return scored.build(
                switch (normalization) {
                    case TOKEN -> (double) scorable(clean) * window.microBatches();
                    case SEQUENCE, BATCH -> (double) clean.samples().length * window.microBatches();
                    case TOKEN_BOUND -> (double) window.scoredTokens();
                });
    }

    private boolean[] counted(Corrupted noisy) {
        return literal && normalization != LossNormType.TOKEN_BOUND ? noisy.masked() : noisy.hidden();
    }
}
