package org.panamask.verify;

/// Runs the cases of one kind.
interface CaseRunner {
    /// The kind, as the index of the cases names it.
    String kind();

    /// Whether each of its numbers follows from choices made before it, so that one rounding early on changes all
    /// that comes after.
    default boolean followsChoices() {
        return false;
    }

    /// Runs `fixture` on `device` and compares what comes out.
    void run(FixtureCase fixture, Device device, Deviations deviations);
}
