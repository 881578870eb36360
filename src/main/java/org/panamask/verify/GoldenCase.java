package org.panamask.verify;

/// One golden case, of any family: what a reference implementation was given and what came out.
public sealed interface GoldenCase permits FixtureCase, SamplerCase {
    /// Its name.
    String name();

    /// What it is a case of.
    String kind();

    /// Whether its numbers are doubles.
    boolean isDouble();
}
