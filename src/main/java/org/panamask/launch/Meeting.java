package org.panamask.launch;

/// Where the ranks of a launch find each other: the store that rank 0 keeps.
///
/// @param host the machine of rank 0
/// @param port where the store listens
/// @param job what all ranks of one launch have in common, and those of another have not
public record Meeting(String host, int port, String job) {
    private static final int MOST_CHARACTERS = 200;

    /// Checks the ranges.
    ///
    /// @throws LaunchException if the host is blank, the port no port, or the job's name too long
    public Meeting {
        if (host.isBlank() || port < 1 || port > 65_535 || job.length() > MOST_CHARACTERS) {
            throw new LaunchException("launch: the ranks need a host, a port between 1 and 65535 and a job of at most "
                    + MOST_CHARACTERS + " characters to meet, but got '" + host + "', " + port + " and a job of "
                    + job.length());
        }
    }
}
