package org.panamask;

/// A generation has ended before its time, between two passes.
public final class StoppedException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /// Why it ended.
    private final Reason reason;

    /// Why a generation ended.
    public enum Reason {
        /// It was cancelled.
        CANCELLED,
        /// Its deadline passed.
        DEADLINE,
        /// The model was closed.
        CLOSED
    }

    StoppedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /// Why it ended.
    public Reason reason() {
        return reason;
    }
}
