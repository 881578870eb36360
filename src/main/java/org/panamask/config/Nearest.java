package org.panamask.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/// The known word that a misspelt one most likely stands for.
public final class Nearest {
    private Nearest() {}

    /// The known word fewest edits away, if a third of the letters or fewer differ.
    public static Optional<String> of(String word, Collection<String> known) {
        return known.stream()
                .filter(candidate -> distance(word, candidate) <= tolerance(word))
                .min(Comparator.comparingInt(candidate -> distance(word, candidate)));
    }

    static int tolerance(String word) {
        return Math.max(1, word.length() / 3);
    }

    /// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                d[i][j] = i == 0 || j == 0 ? i + j : step(d, a, b, i, j);
            }
        }
        return d[a.length()][b.length()];
    }

    private static int step(int[][] d, String a, String b, int i, int j) {
        int substitution = d[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        int best = Math.min(substitution, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
        boolean swapped = i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
        return swapped ? Math.min(best, d[i - 2][j - 2] + 1) : best;
    }
}
