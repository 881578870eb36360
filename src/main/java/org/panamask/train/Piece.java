package org.panamask.train;

import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// What an optimizer updates at once: a weight, or the part of it that this rank updates.
///
/// @param weight the weight or its part
/// @param gradient its sum, of the same shape
record Piece(Weight weight, Tensor gradient) {}
