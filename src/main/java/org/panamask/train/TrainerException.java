package org.panamask.train;

/// A trainer cannot go on: a step failed half-way and left what nothing mends. The cause is that failure.
public final class TrainerException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /// Takes the message and the failure of the step.
    public TrainerException(String message, Throwable cause) {
        super(message, cause);
    }
}
