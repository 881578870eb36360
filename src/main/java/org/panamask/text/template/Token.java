package org.panamask.text.template;

/// A piece of a template.
///
/// @param kind what it is
/// @param text its characters; of a string, what it stands for
/// @param line where it begins
record Token(Kind kind, String text, int line) {
    /// What a token is.
    enum Kind {
        /// Text outside of tags.
        TEXT,
        /// Begins a tag.
        BLOCK_BEGIN,
        /// Ends a tag.
        BLOCK_END,
        /// Begins an expression that is printed.
        PRINT_BEGIN,
        /// Ends an expression that is printed.
        PRINT_END,
        /// A name or keyword.
        NAME,
        /// A quoted text.
        STRING,
        /// A whole number.
        INT,
        /// A number with a fraction.
        REAL,
        /// A sign.
        SIGN,
        /// The end of the template.
        END
    }

    boolean is(String sign) {
        return kind == Kind.SIGN && text.equals(sign);
    }

    boolean isName(String name) {
        return kind == Kind.NAME && text.equals(name);
    }

    String shown() {
        return switch (kind) {
            case END -> "the end of the template";
            case BLOCK_END -> "'%}'";
            case PRINT_END -> "'}}'";
            case TEXT, BLOCK_BEGIN, PRINT_BEGIN -> "text";
            case NAME, STRING, INT, REAL, SIGN -> "'" + text + "'";
        };
    }
}
