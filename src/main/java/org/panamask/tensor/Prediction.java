package org.panamask.tensor;

/// What the head says of each candidate row.
///
/// @param tokens `[R]` I32, the token chosen
/// @param logProbability `[R]` F32 (F64 under f64), its log-probability after temperature and filters
/// @param confidence `[R]` of the same type, how sure the choice is in the measure of [TokenRule#confidence]
public record Prediction(Tensor tokens, Tensor logProbability, Tensor confidence) {}
