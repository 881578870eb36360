package org.panamask.model;

/// A model was asked for something that it cannot do. The message says what was attempted, the rule, and what came
/// instead.
public final class ModelException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// Says what was attempted, the rule, what came instead, and what to do.
    public ModelException(String message) {
        super(message);
    }
}
