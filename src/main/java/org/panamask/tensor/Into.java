package org.panamask.tensor;

/// Where a gradient goes.
///
/// @param tensor receives it
/// @param add whether it is added to what `tensor` holds, or replaces it
public record Into(Tensor tensor, boolean add) {}
