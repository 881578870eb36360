package org.panamask.report;

import java.util.Locale;

/// The few pieces of JSON that reports are made of.
final class JsonText {
    private JsonText() {}

    static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.chars().forEach(c -> {
            switch (c) {
                case '"', '\\' -> out.append('\\').append((char) c);
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20) {
                        out.append(String.format(Locale.ROOT, "\\u%04x", c));
                    } else {
                        out.append((char) c);
                    }
                }
            }
        });
        return out.append('"').toString();
    }

    /// The number, or `null` for what JSON cannot say.
    static String number(double value) {
        return Double.isFinite(value) ? Double.toString(value) : "null";
    }
}
