package org.panamask;

/// One token that changed while an answer was unmasked.
///
/// @param row of the prompt, from 0
/// @param step the denoising step, from 1
/// @param position the column of the canvas
/// @param before the id that stood there: the mask token, or one that is taken back
/// @param after the id that stands there now
/// @param confidence the probability that the model gave the new token; 0 where it is the mask token
public record TokenEvent(int row, int step, int position, int before, int after, double confidence) {}
