package org.panamask.model;

/// What a model is, apart from its weights.
///
/// @param type its family, as `model_type` names it
/// @param vocabularySize rows of the embedding table
/// @param width of the hidden states
/// @param layers how many
/// @param maxPositions the longest canvas
/// @param special token ids with a meaning
public record ModelFacts(
        String type, int vocabularySize, int width, int layers, int maxPositions, SpecialIds special) {}
