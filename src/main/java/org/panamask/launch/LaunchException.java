package org.panamask.launch;

/// A process cannot tell which rank it is, or a launch was asked for that cannot be. The message names the variables.
public final class LaunchException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// Says what was attempted, the rule, and what to do.
    public LaunchException(String message) {
        super(message);
    }
}
