package org.panamask.launch;

/// Ranks lost each other: one failed, died, or did not come in time. The message names it and what it said last.
public final class RankException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /// Says which rank it was and what is known of it.
    public RankException(String message) {
        super(message);
    }

    /// Says which rank it was and what is known of it, with what a library said.
    public RankException(String message, Throwable cause) {
        super(message, cause);
    }
}
