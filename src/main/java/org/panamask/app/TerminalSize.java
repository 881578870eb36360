package org.panamask.app;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How large the terminal is.
///
/// @param columns of a line
/// @param rows of the screen
record TerminalSize(int columns, int rows) {
    private static final TerminalSize USUAL = new TerminalSize(80, 24);
    private static final Pattern SIZE = Pattern.compile("(\\d+) (\\d+)\\s*");

    /// The size that `stty` tells, or 80 x 24.
    static TerminalSize now() {
        File terminal = new File("/dev/tty");
        if (!terminal.exists()) {
            return USUAL;
        }
        try {
            Process asked = new ProcessBuilder(List.of("stty", "size"))
                    .redirectInput(terminal)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String said = new String(asked.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return parse(said).orElse(USUAL);
        } catch (IOException _) {
            return USUAL;
        }
    }

    /// `rows columns`, unless the terminal does not know them.
    static Optional<TerminalSize> parse(String text) {
        Matcher size = SIZE.matcher(text);
        if (!size.matches() || size.group(1).length() > 5 || size.group(2).length() > 5) {
            return Optional.empty();
        }
        TerminalSize told = new TerminalSize(Integer.parseInt(size.group(2)), Integer.parseInt(size.group(1)));
        return told.columns < 10 || told.rows < 3 ? Optional.empty() : Optional.of(told);
    }
}
