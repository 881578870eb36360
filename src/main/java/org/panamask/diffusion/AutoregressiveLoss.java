package org.panamask.diffusion;

import java.util.List;

/// The loss of next-token prediction under causal attention: mean cross entropy of the answer's tokens and the end
/// token after them. Padding behind the end token is not scored.
///
/// @param padToken fills the rest of a row
/// @param endTokens end an answer; where padding is one of them, the first padding counts as the end
public record AutoregressiveLoss(int padToken, List<Integer> endTokens) {
    /// Keeps its own copy.
    public AutoregressiveLoss {
        endTokens = List.copyOf(endTokens);
    }

    /// How many columns of `rows` are scored.
    public int scorable(TokenRows rows) {
        return scored(rows).count();
    }

    /// The rows to score, as means over the scored columns of the whole window.
    public ScoredRows score(TokenRows rows, LossWindow window) {
        return scored(rows).build((double) window.scoredTokens());
    }

    private ScoredRows.Builder scored(TokenRows rows) {
        int tokens = rows.tokens();
        ScoredRows.Builder scored = new ScoredRows.Builder(rows.ids().length);
        for (int b = 0; b < rows.batch(); b++) {
            int end = end(rows, b);
            for (int i = 1; i < end; i++) {
                int n = b * tokens + i;
                if (rows.maskable()[n]) {
                    scored.add(n - 1, rows.ids()[n], 1);
                }
            }
        }
        return scored;
    }

    private int end(TokenRows rows, int b) {
        int end = rows.tokens();
        while (end > 0 && rows.ids()[b * rows.tokens() + end - 1] == padToken) {
            end--;
        }
        return endTokens.contains(padToken) ? Math.min(rows.tokens(), end + 1) : end;
    }
}
