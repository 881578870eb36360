package org.panamask.text;

import java.io.Serial;

/// A tokenizer file is missing, broken or unsafe, or a text or id cannot be translated. The message names the file, the
/// place in it, the rule and what to do.
public final class TokenizerException extends IllegalArgumentException {
    @Serial
    private static final long serialVersionUID = 1L;

    /// Says which file or input broke which rule.
    public TokenizerException(String message) {
        super(message);
    }

    /// Says which file or input broke which rule, and keeps what was reported below.
    public TokenizerException(String message, Throwable cause) {
        super(message, cause);
    }
}
