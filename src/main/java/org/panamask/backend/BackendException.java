package org.panamask.backend;

/// A backend was asked for something that it cannot do here. The message names what is missing and what to do.
public class BackendException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /// Says what was attempted, the rule, and what to do.
    public BackendException(String message) {
        super(message);
    }

    /// Says what was attempted, the rule, and what to do, with what a library said.
    public BackendException(String message, Throwable cause) {
        super(message, cause);
    }
}
