package org.panamask.diffusion;

import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// A model as objectives and samplers see it: tokens in, hidden rows out, the head apart, so that logits are formed
/// for the rows that need them and no others.
public interface Denoiser {
    /// The hidden states of the rows that `canvas` wants, after the last norm: `[R, D]` in the order of
    /// [Canvas#rows]. Where the canvas has a cache, only fed rows are computed.
    ///
    /// @throws IllegalArgumentException if the canvas is longer than [#maxPositions] or holds an id outside the
    ///     vocabulary
    Tensor hidden(Ops ops, Canvas canvas);

    /// The matrix `[V, D]` that turns hidden states into logits.
    Weight head();

    /// The matrix `[V, E]` of the embeddings of tokens.
    Weight embedding();

    /// V, the number of rows of the head.
    int vocabularySize();

    /// How much a [KeyCache] for it holds of a row.
    KeyCache.Room keyRoom();

    /// How many positions a canvas may have.
    int maxPositions();
}
