package org.panamask;

/// A text cannot be generated as asked: the message says which bound was met and what to change.
public final class GenerationException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// Says what was attempted, the rule, what came instead, and what to do.
    public GenerationException(String message) {
        super(message);
    }
}
