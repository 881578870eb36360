package org.panamask.nn;

import org.panamask.tensor.Tensor;

/// Names the dropout noise of the rows that a layer works on.
///
/// @param seed of the run and the optimizer step
/// @param keys `[N, 2]` I32, the global sample index and the position of each row
public record DropoutNoise(long seed, Tensor keys) {}
