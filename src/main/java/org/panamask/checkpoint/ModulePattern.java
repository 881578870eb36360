package org.panamask.checkpoint;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// A regular expression over module paths that came out of a file. A hostile one must not hang the reader, so the
/// matcher may look at so many characters and no more. That bounds backtracking only where every way to fail looks at
/// a character, which is why anchors inside, back references, empty loops and flags are refused.
final class ModulePattern {
    private static final int LONGEST_EXPRESSION = 2_000;
    private static final int LONGEST_PATH = 1_000;
    private static final int MOST_STEPS = 1_000_000;
    /// Ends every path, and nothing in an expression matches it: no test runs past the last character unseen.
    private static final char END = '\n';

    private static final Pattern PLAIN = Pattern.compile("(?:[\\w/:-]|\\\\[.dwb_/-]|[.*+?|)]"
            + "|\\((?!\\?)|\\(\\?:|\\(\\?!(?=[.\\w])"
            + "|\\[\\^?(?:[\\w./-]|\\\\[.dw-])++\\]"
            + "|(?<!\\))\\{[1-9]\\d{0,2}(?:,\\d{0,3})?\\})*+");

    private final String key;
    private final String expression;
    private final Pattern pattern;

    private ModulePattern(String key, String expression, Pattern pattern) {
        this.key = key;
        this.expression = expression;
        this.pattern = pattern;
    }

    /// An expression that must match a whole path. `key` is what messages call the setting.
    static ModulePattern whole(String key, String expression) {
        return compile(key, expression, "");
    }

    /// An expression that must match the last parts of a path, as peft reads the keys of `rank_pattern`; one that
    /// starts with `^` must match the whole path.
    static ModulePattern ending(String key, String expression) {
        if (expression.startsWith("^") && !expression.contains("|")) {
            return whole(key, expression);
        }
        return compile(key, expression, "(?:.*\\.)?");
    }

    boolean matches(String path) {
        if (path.length() > LONGEST_PATH) {
            throw new CheckpointException(PeftConfig.FILE + ": a module path has at most " + LONGEST_PATH
                    + " characters, but got " + Printable.of(path) + "; rename the module");
        }
        try {
            return pattern.matcher(new Counted(path + END, this)).matches();
        } catch (StackOverflowError _) {
            throw tooSlow();
        }
    }

    private static ModulePattern compile(String key, String expression, String before) {
        if (expression.length() > LONGEST_EXPRESSION) {
            throw new CheckpointException(key + " must have at most " + LONGEST_EXPRESSION + " characters, but got "
                    + expression.length() + "; list the modules instead");
        }
        String body = before.isEmpty() && expression.startsWith("^") ? expression.substring(1) : expression;
        body = body.endsWith("$") ? body.substring(0, body.length() - 1) : body;
        try {
            if (PLAIN.matcher(body).matches()) {
                String full = before + "(?:" + body.replace("[^", "[^" + END) + ")" + END;
                return new ModulePattern(key, expression, Pattern.compile(full));
            }
        } catch (PatternSyntaxException | StackOverflowError _) {
            throw notPlain(key, expression);
        }
        throw notPlain(key, expression);
    }

    private static CheckpointException notPlain(String key, String expression) {
        return new CheckpointException(
                key + " must be a regular expression of characters, classes, groups, |, *, + and ?, but got "
                        + Printable.of(expression) + "; list the modules instead");
    }

    private CheckpointException tooSlow() {
        return new CheckpointException(key + " must match in " + MOST_STEPS + " steps, but got "
                + Printable.of(expression) + " which takes more; list the modules instead");
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
