package org.panamask.diffusion;

/// What the weighted cross entropies of hidden tokens are divided by. The first three are means over a micro-batch, of
/// which an optimizer step takes the mean; they depend on how a step is cut where micro-batches differ.
///
/// @see <a href="https://github.com/ZHZisZZ/dllm">ZHZisZZ/dllm, dllm/core/trainers/mdlm.py, compute_loss</a>
public enum LossNormType {
    /// All tokens of the micro-batch that noise may hide.
    TOKEN,
    /// Those of the token's own row, and the number of rows: each row counts the same whatever its length.
    SEQUENCE,
    /// The number of rows.
    BATCH,
    /// All tokens of the whole optimizer step that noise may hide; does not depend on how the step is cut.
    TOKEN_BOUND
}
