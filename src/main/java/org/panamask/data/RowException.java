package org.panamask.data;

import java.io.Serial;

/// A rule that one row of a file breaks.
final class RowException extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    RowException(String rule) {
        super(rule, null, false, false);
    }
}
