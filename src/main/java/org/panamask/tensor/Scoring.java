package org.panamask.tensor;

/// What rows of hidden states are scored on.
///
/// @param targets `[R]` I32, the token that each row is to predict
/// @param weights `[R]` of [Ops#sumType], what each row is multiplied with
/// @param tokens how a row's cross entropy counts
public record Scoring(Tensor targets, Tensor weights, TokenWeighting tokens) {
    /// Rows whose cross entropies count as they are.
    public Scoring(Tensor targets, Tensor weights) {
        this(targets, weights, TokenWeighting.NONE);
    }
}
