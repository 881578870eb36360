package org.panamask.backend;

/// How a GPU is given its work. The numbers are the same to the last bit.
public enum Launching {
    /// Sequences of kernels that come again are replayed as CUDA graphs.
    GRAPHS,
    /// Every kernel is started by itself.
    EAGER,
    /// Every kernel is started by itself and waited for, so that an error names it.
    CHECKED
}
