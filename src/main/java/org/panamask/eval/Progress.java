package org.panamask.eval;

/// Hears how far an evaluation has come, on the thread that evaluates.
@FunctionalInterface
public interface Progress {
    /// Hears nothing.
    Progress NONE = (_, _) -> {};

    /// Of `total` rows, `done` are done; rows that are half done count by half.
    void at(double done, int total);
}
