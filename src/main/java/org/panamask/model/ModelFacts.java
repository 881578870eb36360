package org.panamask.model;

import org.panamask.diffusion.Alignment;

/// What a model is, apart from its weights.
///
/// @param type its family, as `model_type` names it
/// @param vocabularySize rows of the embedding table
/// @param width of the hidden states
/// @param layers how many
/// @param maxPositions the longest canvas
/// @param special token ids with a meaning
/// @param alignment which hidden state predicts a column in diffusion models of the family
public record ModelFacts(
        String type,
        int vocabularySize,
        int width,
        int layers,
        int maxPositions,
        SpecialIds special,
        Alignment alignment) {}
