package org.panamask.text.template;

import java.math.BigDecimal;

/// Texts as Python treats them, where Java would differ.
final class PythonText {
    private PythonText() {}

    static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    static String strip(String text) {
        return stripEnd(stripStart(text));
    }

    static String stripStart(String text) {
        int from = 0;
        while (from < text.length() && isSpace(text.charAt(from))) {
            from++;
        }
        return text.substring(from);
    }

    static String stripEnd(String text) {
        int to = text.length();
        while (to > 0 && isSpace(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(0, to);
    }

    /// The length in code points.
    static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /// What stands between the quotes of a literal, its escapes resolved; unknown ones stay as they are.
    static String unescaped(String literal) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < literal.length(); i++) {
            char c = literal.charAt(i);
            if (c != '\\' || i + 1 == literal.length()) {
                text.append(c);
                continue;
            }
            char kind = literal.charAt(++i);
            int digits = digits(kind);
            if (digits > 0 && isHex(literal, i + 1, digits)) {
                text.appendCodePoint(Integer.parseInt(literal, i + 1, i + 1 + digits, 16));
                i += digits;
            } else if (kind >= '0' && kind <= '7') {
                int end = i;
                while (end < literal.length() && end < i + 3 && "01234567".indexOf(literal.charAt(end)) >= 0) {
                    end++;
                }
                text.appendCodePoint(Integer.parseInt(literal, i, end, 8));
                i = end - 1;
            } else {
                text.append(simple(kind));
            }
        }
        return text.toString();
    }

    private static int digits(char kind) {
        return switch (kind) {
            case 'x' -> 2;
            case 'u' -> 4;
            case 'U' -> 8;
            default -> 0;
        };
    }

    private static boolean isHex(String text, int from, int digits) {
        if (from + digits > text.length()) {
            return false;
        }
        long value = 0;
        for (int i = from; i < from + digits; i++) {
            int digit = Character.digit(text.charAt(i), 16);
            if (digit < 0) {
                return false;
            }
            value = value * 16 + digit;
        }
        return value <= Character.MAX_CODE_POINT;
    }

    private static String simple(char kind) {
        return switch (kind) {
            case 'n' -> "\n";
            case 't' -> "\t";
            case 'r' -> "\r";
            case 'a' -> "\u0007";
            case 'b' -> "\b";
            case 'f' -> "\f";
            case 'v' -> "\u000b";
            case '\\', '\'', '"' -> Character.toString(kind);
            case '\n' -> "";
            default -> "\\" + kind;
        };
    }

    /// A number as Python prints it: the shortest digits, an exponent below 1e-4 and from 1e16 on.
    static String shown(double number) {
        if (Double.isNaN(number)) {
            return "nan";
        }
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        BigDecimal exact = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        int exponent = exact.precision() - exact.scale() - 1;
        if (number != 0 && (exponent < -4 || exponent >= 16)) {
            String digits = exact.unscaledValue().abs().toString();
            String fraction = digits.length() == 1 ? "" : "." + digits.substring(1);
            return (number < 0 ? "-" : "")
                    + digits.charAt(0)
                    + fraction
                    + (exponent < 0 ? "e-" : "e+")
                    + (Math.abs(exponent) < 10 ? "0" : "")
                    + Math.abs(exponent);
        }
        String plain = number == 0 ? (1 / number < 0 ? "-0" : "0") : exact.toPlainString();
        return plain.contains(".") ? plain : plain + ".0";
    }
}
