package org.panamask.verify;

/// A golden case could not be read. The message names the file and what is wrong with it.
public final class FixtureException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// Says which file breaks which rule.
    public FixtureException(String message) {
        super(message);
    }

    /// Says which file breaks which rule, with what the reader said.
    public FixtureException(String message, Throwable cause) {
        super(message, cause);
    }
}
