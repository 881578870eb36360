package org.panamask.checkpoint;

/// The two factors that are added to one linear module: `y = W x + scale * B (A x)`.
///
/// @param a A, `[r, in]`
/// @param b B, `[out, r]`
public record LoraPair(WeightSource a, WeightSource b) {}
