package org.panamask.app;

import java.util.ArrayList;
import java.util.List;

/// Texts as terminals show them: control characters made harmless, and the columns that characters take.
final class ScreenText {
    private ScreenText() {}

    /// The text without control characters but line ends and tabs, which generated text could otherwise steer the
    /// terminal with.
    static String harmless(String text) {
        StringBuilder harmless = new StringBuilder();
        text.codePoints()
                .forEach(c -> harmless.appendCodePoint(
                        Character.getType(c) == Character.CONTROL && c != '\n' && c != '\t' ? '\uFFFD' : c));
        return harmless.toString();
    }

    /// The columns that a character takes: none for marks that combine, two for wide ones such as those of Chinese,
    /// Japanese and Korean and most pictures.
    static int columns(int c) {
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> 0;
            default -> isWide(c) ? 2 : 1;
        };
    }

    private static boolean isWide(int c) {
        return (c >= 0x1100 && c <= 0x115F)
                || (c >= 0x2E80 && c <= 0x303E)
                || (c >= 0x3041 && c <= 0xA4CF)
                || (c >= 0xAC00 && c <= 0xD7A3)
                || (c >= 0xF900 && c <= 0xFAFF)
                || (c >= 0xFE30 && c <= 0xFE6F)
                || (c >= 0xFF00 && c <= 0xFF60)
                || (c >= 0xFFE0 && c <= 0xFFE6)
                || (c >= 0x1F300 && c <= 0x1F64F)
                || (c >= 0x1F680 && c <= 0x1F6FF)
                || (c >= 0x1F900 && c <= 0x1FAFF)
                || (c >= 0x20000 && c <= 0x3FFFD);
    }

    /// The lines of a screen `columns` wide, cut where a character would not fit. Escape sequences take no column.
    static List<String> lines(String text, int columns) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        int used = 0;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            int end = c == '\u001b' ? text.indexOf('m', i) + 1 : i + Character.charCount(c);
            int taken = c == '\u001b' ? 0 : c == '\t' ? 8 - used % 8 : columns(c);
            if (c == '\n' || used + taken > columns) {
                lines.add(line.toString());
                line.setLength(0);
                used = 0;
            }
            if (c != '\n') {
                line.append(c == '\t' ? " ".repeat(taken) : text.substring(i, end));
                used += taken;
            }
            i = end;
        }
        lines.add(line.toString());
        return lines;
    }
}
