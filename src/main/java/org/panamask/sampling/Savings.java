package org.panamask.sampling;

/// What was left out because it could not change the result: the difference to a sampler that runs every step of every
/// block over all rows of the batch, with logits for every column.
///
/// @param forwards passes of the batch
/// @param columns columns fed into the model, those of every row and pass
/// @param headRows columns of which logits were formed
/// @param blocks blocks that were never entered, because an answer had ended before
/// @param equalTokens fed columns that took the first layer's queries, keys and values of another with the same token
public record Savings(long forwards, long columns, long headRows, long blocks, long equalTokens) {
    /// Nothing left out.
    public static final Savings NONE = new Savings(0, 0, 0, 0, 0);
}
