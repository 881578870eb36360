package org.panamask.backend;

/// There is not enough memory for what was asked; the message says how much is used, by whom, and what to lower.
public final class DeviceMemoryException extends BackendException {
    private static final long serialVersionUID = 1L;

    /// Says what was asked for, what is there, and what to do.
    public DeviceMemoryException(String message) {
        super(message);
    }

    /// Says the same with what a library said.
    public DeviceMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
