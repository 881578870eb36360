package org.panamask.checkpoint;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// A regular expression over module paths that came out of a file: bounded in length and in the steps it may take, so
/// that no adapter can hang the reader.
final class ModulePattern {
    private static final int LONGEST_EXPRESSION = 2_000;
    private static final int LONGEST_PATH = 1_000;
    private static final int MOST_STEPS = 1_000_000;

    private final String key;
    private final String expression;
    private final Pattern pattern;

    private ModulePattern(String key, String expression, Pattern pattern) {
        this.key = key;
        this.expression = expression;
        this.pattern = pattern;
    }

    /// An expression that must match a whole path. `key` names the setting it stands under.
    static ModulePattern whole(String key, String expression) {
        return compile(key, expression, expression);
    }

    /// An expression that must match the last parts of a path, as peft reads the keys of `rank_pattern`.
    static ModulePattern ending(String key, String expression) {
        return compile(key, expression, "(?:.*\\.)?(?:" + expression + ")$");
    }

    boolean matches(String path) {
        if (path.length() > LONGEST_PATH) {
            throw new CheckpointException(PeftConfig.FILE + ": a module path has at most " + LONGEST_PATH
                    + " characters, but got " + Printable.of(path) + "; rename the module");
        }
        return pattern.matcher(new Counted(path, this)).matches();
    }

    private static ModulePattern compile(String key, String expression, String full) {
        if (expression.length() > LONGEST_EXPRESSION) {
            throw new CheckpointException(PeftConfig.FILE + ": " + key + " must have at most " + LONGEST_EXPRESSION
                    + " characters, but got " + expression.length() + "; list the modules instead");
        }
        try {
            return new ModulePattern(key, expression, Pattern.compile(full));
        } catch (PatternSyntaxException e) {
            throw new CheckpointException(PeftConfig.FILE + ": " + key + " must be a regular expression, but got "
                    + Printable.of(expression) + " (" + e.getDescription() + "); list the modules instead");
        }
    }

    private CheckpointException tooSlow() {
        return new CheckpointException(PeftConfig.FILE + ": " + key + " must match in " + MOST_STEPS
                + " steps, but got " + Printable.of(expression) + " which takes more; list the modules instead");
    }

    /// Counts the characters that the matcher looks at: backtracking shows nowhere else.
    private static final class Counted implements CharSequence {
        private final String path;
        private final ModulePattern owner;
        private int steps;

        private Counted(String path, ModulePattern owner) {
            this.path = path;
            this.owner = owner;
        }

        @Override
        public char charAt(int index) {
            if (++steps > MOST_STEPS) {
                throw owner.tooSlow();
            }
            return path.charAt(index);
        }

        @Override
        public int length() {
            return path.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return path.subSequence(start, end);
        }

        @Override
        public String toString() {
            return path;
        }
    }
}
