package org.panamask.verify;

/// Runs cases of the family `samplers`.
interface SamplerCaseRunner {
    /// Whether it runs `fixture`: all cases of a kind, or some.
    boolean takes(SamplerCase fixture);

    /// Whether each number of `fixture` follows from choices made before it, so that one rounding early on changes
    /// all that comes after.
    default boolean followsChoices(SamplerCase fixture) {
        return false;
    }

    /// Runs `fixture` on `device` and compares what comes out.
    void run(SamplerCase fixture, Device device, Deviations deviations);
}
