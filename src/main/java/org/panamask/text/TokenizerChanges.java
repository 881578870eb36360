package org.panamask.text;

import java.util.Optional;

/// What is done to a tokenizer beyond what its files say.
///
/// @param addedMask the text of a mask token to add behind its vocabulary
/// @param splitDigits whether every digit, and every run between digits, is encoded on its own
public record TokenizerChanges(Optional<String> addedMask, boolean splitDigits) {
    /// Nothing.
    public static TokenizerChanges none() {
        return new TokenizerChanges(Optional.empty(), false);
    }
}
