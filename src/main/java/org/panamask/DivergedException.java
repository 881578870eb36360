package org.panamask;

/// A run cannot go on: its loss or its gradients are no finite numbers any more.
public final class DivergedException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /// Says at which step, what the numbers were, and what to do.
    public DivergedException(String message) {
        super(message);
    }
}
