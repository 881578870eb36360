package org.panamask.launch;

import java.util.Optional;

/// What a process was told by whoever launched it.
///
/// @param place where it stands
/// @param meeting where it meets the others; empty for a process alone
/// @param launcher who said so, for people
public record Launch(Place place, Optional<Meeting> meeting, String launcher) {
    /// Checks that ranks can meet.
    ///
    /// @throws LaunchException if there are several ranks and no place to meet
    public Launch {
        if (place.world() > 1 && meeting.isEmpty()) {
            throw new LaunchException(
                    "launch: " + place.text() + " must know where rank 0 is; set " + LaunchVariables.ADDRESS
                            + " to its machine, and " + LaunchVariables.PORT + " to a free port of it");
        }
    }

    /// A process that nobody launched together with others.
    public static Launch alone() {
        return new Launch(Place.alone(), Optional.empty(), "nobody");
    }
}
