package org.panamask;

import java.time.Duration;

/// One generated text and what it cost.
///
/// @param text the answer, up to the first end or padding token
/// @param tokens tokens filled in, prompt excluded
/// @param forwards forward passes that were run for it
/// @param elapsed wall-clock time
public record Generation(String text, int tokens, int forwards, Duration elapsed) {
    /// Tokens filled in for each forward pass.
    public double tokensPerForward() {
        return forwards == 0 ? 0 : (double) tokens / forwards;
    }
}
