package org.panamask.launch;

import java.time.Duration;

/// How long ranks wait for each other.
///
/// @param start for all of them to be there
/// @param step for what every rank does at about the same time
public record RankTimes(Duration start, Duration step) {
    /// Checks that both are positive.
    ///
    /// @throws IllegalArgumentException if one is not
    public RankTimes {
        if (!start.isPositive() || !step.isPositive()) {
            throw new IllegalArgumentException(
                    "ranks: the times to wait must be positive, but got " + start + " and " + step);
        }
    }
}
