package org.panamask.text.template;

/// What rendering may take at most, so that a hostile template ends.
///
/// @param steps expressions and statements evaluated, and elements visited
/// @param characters of output and of all texts made on the way, together
/// @param depth of nested expressions, statements, calls and values
public record TemplateLimits(long steps, long characters, int depth) {
    /// Checks that each is positive.
    ///
    /// @throws IllegalArgumentException if one is not
    public TemplateLimits {
        if (steps < 1 || characters < 1 || depth < 1) {
            throw new IllegalArgumentException("template limits: each must be at least 1, but got " + steps + " steps, "
                    + characters + " characters and depth " + depth + "; raise it");
        }
    }

    /// A million steps, 16 million characters, 256 levels: far more than a conversation of a whole context needs.
    public static TemplateLimits defaults() {
        return new TemplateLimits(1_000_000, 16_000_000, 256);
    }
}
