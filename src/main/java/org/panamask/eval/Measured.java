package org.panamask.eval;

/// A number for each row by one model. Two of them can be compared row by row where their fingerprints agree.
public interface Measured {
    /// The model.
    Subject subject();

    /// Names what was measured: equal where the rows, and what of them counts, are the same.
    long fingerprint();

    /// The number of each row, in the order of the rows.
    double[] values();

    /// Their mean and its standard error.
    default Mean mean() {
        return Mean.of(values());
    }
}
