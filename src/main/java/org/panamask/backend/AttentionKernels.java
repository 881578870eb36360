package org.panamask.backend;

/// What computes attention on a GPU.
public enum AttentionKernels {
    /// The first of [#PMK] and [#CUDNN] that can; which one it was is in [Backend#report].
    AUTO,
    /// The kernels of this library.
    PMK,
    /// NVIDIA's cuDNN.
    CUDNN,
    /// A FlashAttention library with a C interface, named by `panamask.lib.flashattn` or `PANAMASK_LIB_FLASHATTN`.
    FLASHATTN,
    /// Matrix products and a softmax, with every score of a batch row in memory at once.
    MATH
}
