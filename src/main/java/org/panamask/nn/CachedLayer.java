package org.panamask.nn;

import org.panamask.tensor.Tensor;

/// What one layer has in a cache of keys and values.
///
/// @param rows what the pass computes
/// @param keys `[N, K * d]`, rotated where the model rotates
/// @param values `[N, K * d]`
public record CachedLayer(CachedRows rows, Tensor keys, Tensor values) {}
