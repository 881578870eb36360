package org.panamask.backend;

/// How a GPU's products choose their algorithm.
public enum ProductMode {
    /// The fastest for each number of rows. The last bits of a row may depend on how many rows there are beside it.
    FAST,
    /// One for all numbers of rows, with every sum in one piece, and rows padded to whole steps: the bits of a row
    /// do not depend on the others. Few rows take as long as a step of them, and no algorithm is chosen for its
    /// number of rows.
    STEADY
}
