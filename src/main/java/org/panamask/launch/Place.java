package org.panamask.launch;

/// Where a process stands among those that one launch started together.
///
/// @param rank its number among all, counted from 0
/// @param world how many there are
/// @param localRank its number among those of its machine, counted from 0: the device it takes
/// @param localWorld how many there are on its machine; 0 where the launcher does not say
public record Place(int rank, int world, int localRank, int localWorld) {
    /// Checks the ranges.
    ///
    /// @throws LaunchException if a number is out of its range
    public Place {
        if (world < 1 || rank < 0 || rank >= world) {
            throw new LaunchException("launch: the rank must be at least 0 and below the number of ranks, but got rank "
                    + rank + " of " + world);
        }
        if (localRank < 0 || localRank > rank || localWorld < 0 || localWorld > 0 && localRank >= localWorld) {
            throw new LaunchException("launch: the local rank must be at least 0, not above the rank and below the"
                    + " number of local ranks, but got local rank " + localRank + " of " + localWorld + " as rank "
                    + rank);
        }
    }

    /// A process that nobody launched together with others.
    public static Place alone() {
        return new Place(0, 1, 0, 1);
    }

    /// Whether it speaks for all: it writes files and progress, and keeps the store.
    public boolean isFirst() {
        return rank == 0;
    }

    /// As people call it: `rank 1 of 4`.
    public String text() {
        return "rank " + rank + " of " + world;
    }
}
