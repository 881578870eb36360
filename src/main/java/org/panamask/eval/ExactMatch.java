package org.panamask.eval;

import java.util.function.IntPredicate;

/// Compares answers as GSM8K's are: what follows the last `####`, trimmed, without commas, letter for letter.
///
/// @see <a href="https://github.com/HKUNLP/DiffuLLaMA">HKUNLP/DiffuLLaMA, train/ddm/metric.py, gsm_eval</a>
public final class ExactMatch {
    private static final String MARKER = "####";

    private ExactMatch() {}

    /// Whether `predicted` gives the answer of `reference`.
    public static boolean matches(String predicted, String reference) {
        return answer(predicted).equals(answer(reference));
    }

    /// The answer in `text`; the whole of it where no marker is.
    public static String answer(String text) {
        // Markers are found from the left, so that of five signs the fifth belongs to the answer.
        int start = 0;
        for (int marker = text.indexOf(MARKER); marker >= 0; marker = text.indexOf(MARKER, start)) {
            start = marker + MARKER.length();
        }
        return trimmed(text.substring(start)).replace(",", "");
    }

    private static String trimmed(String text) {
        IntPredicate blank = c -> Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
        int from = 0;
        int to = text.length();
        while (from < to && blank.test(text.charAt(from))) {
            from++;
        }
        while (from < to && blank.test(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }
}
