package org.panamask.eval;

/// What was generated for a row, and what stands there. Both are whole rows as text: the prompt, then the answer;
/// special tokens are left out.
///
/// @param predict what was generated, up to the first end or padding token
/// @param label what the data hold; empty where they hold nothing
/// @param isRight whether the answers agree by [ExactMatch]
public record Prediction(String predict, String label, boolean isRight) {}
