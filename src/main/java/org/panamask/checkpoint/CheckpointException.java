package org.panamask.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;

/// A file of weights or settings could not be read, written or trusted. The message names the file, the rule, what came
/// instead, and what to do.
public final class CheckpointException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    /// A rule of the file format was broken.
    public CheckpointException(String message) {
        super(message, new IOException(message));
    }

    /// The file system refused.
    public CheckpointException(String message, IOException cause) {
        super(message, cause);
    }

    static CheckpointException unreadable(Object file, IOException cause) {
        return new CheckpointException(
                file + ": the file must be readable, but got " + Printable.of(cause)
                        + "; check the path and its rights",
                cause);
    }

    static CheckpointException unwritable(Object file, IOException cause) {
        return new CheckpointException(
                file + ": the file must be writable, but got " + Printable.of(cause)
                        + "; check the folder, its rights and the free space",
                cause);
    }
}
