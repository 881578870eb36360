package org.panamask.sampling;

/// Random numbers that somebody gives, in place of keyed ones: what a recorded run of another engine drew.
public interface GivenNoise {
    /// What a number is for.
    ///
    /// @param sample names the row
    /// @param column of the row
    /// @param rank its place among the columns that the step draws for, from 0; -1 where it does not count
    /// @param step counts the steps of all blocks
    record Place(long sample, int column, int rank, int step) {}

    /// From 0 to 1, what orders columns at random, or opens one.
    double uniform(Place place);

    /// Of the exponential distribution, what draws columns under `alg_temp`.
    double exponential(Place place);

    /// What draws the token of a column, one for each id: from 0 to 1 for [Reference#LLADA], exponential otherwise.
    double token(Place place, int id);
}
