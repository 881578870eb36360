package org.panamask.data;

import java.io.Serial;

/// A data file or a setting of the data breaks a rule. The message names file, line, rule and what to do; a file's
/// problems come together, a line each.
public final class DataException extends IllegalArgumentException {
    @Serial
    private static final long serialVersionUID = 1L;

    /// Says which data broke which rule.
    public DataException(String message) {
        super(message);
    }

    /// Says which data broke which rule, and keeps what was reported below.
    public DataException(String message, Throwable cause) {
        super(message, cause);
    }
}
