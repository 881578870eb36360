package org.panamask.tensor;

/// An operation was asked for with shapes or types that do not fit each other. The message names the operation, the
/// rule and every shape involved.
public final class ShapeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// Says what was attempted, the rule and what came instead.
    public ShapeException(String message) {
        super(message);
    }
}
