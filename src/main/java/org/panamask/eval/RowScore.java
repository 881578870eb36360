package org.panamask.eval;

/// What a model makes of one row.
///
/// @param sample the number of the row in the data
/// @param tokens the tokens that are scored
/// @param nll negative log-likelihood of a scored token in nats, or a bound of it
public record RowScore(long sample, int tokens, double nll) {}
