package org.panamask;

import java.time.Duration;

/// One generated text and what it cost.
///
/// @param text the answer, up to the first token that ends it
/// @param kept tokens of the text
/// @param tokens tokens filled in, those behind the end of the text included, the prompt excluded
/// @param forwards forward passes that were run for it
/// @param elapsed wall-clock time
public record Generation(String text, int kept, int tokens, int forwards, Duration elapsed) {
    /// Tokens filled in for each forward pass.
    public double tokensPerForward() {
        return forwards == 0 ? 0 : (double) tokens / forwards;
    }
}
