package org.panamask.sampling;

import java.util.List;

/// Where a row is.
///
/// @param sample names its random numbers
/// @param hidden the columns that may open
/// @param step of the block, from 0
/// @param clock counts the steps of all blocks
/// @param masks how many columns are hidden, where an engine counts them over its batch
record BlockStep(long sample, List<Integer> hidden, int step, int clock, float masks) {
    /// Keeps its own copy.
    BlockStep {
        hidden = List.copyOf(hidden);
    }

    /// What names the random number of a column.
    GivenNoise.Place place(int column) {
        return new GivenNoise.Place(sample, column, hidden.indexOf(column), clock);
    }
}
