package org.panamask.sampling;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// What a pass says of columns of a row: a token for each, its probability, and a score by which columns are ordered.
final class Candidates {
    private final int[] columns;
    private final int[] tokens;
    private final double[] scores;
    private final double[] probabilities;

    /// Keeps the arrays, one entry for each column, columns ascending.
    Candidates(int[] columns, int[] tokens, double[] scores, double[] probabilities) {
        this.columns = columns;
        this.tokens = tokens;
        this.scores = scores;
        this.probabilities = probabilities;
    }

    int count() {
        return columns.length;
    }

    int column(int n) {
        return columns[n];
    }

    int token(int n) {
        return tokens[n];
    }

    /// How sure candidate `n` is; larger opens first.
    double score(int n) {
        return scores[n];
    }

    /// The probability of the token of candidate `n`.
    double probability(int n) {
        return probabilities[n];
    }

    /// Those of `kept`, all of them columns of these.
    Candidates only(List<Integer> kept) {
        return at(kept.stream()
                .mapToInt(column -> Arrays.binarySearch(columns, column))
                .toArray());
    }

    /// Those that do not predict `token`.
    Candidates without(int token) {
        return at(IntStream.range(0, columns.length)
                .filter(n -> tokens[n] != token)
                .toArray());
    }

    private Candidates at(int[] places) {
        return new Candidates(
                Arrays.stream(places).map(n -> columns[n]).toArray(),
                Arrays.stream(places).map(n -> tokens[n]).toArray(),
                Arrays.stream(places).mapToDouble(n -> scores[n]).toArray(),
                Arrays.stream(places).mapToDouble(n -> probabilities[n]).toArray());
    }

    /// The columns of all candidates.
    List<Integer> all() {
        return Arrays.stream(columns).boxed().toList();
    }

    /// The candidates by falling score; equal ones in order of their columns.
    List<Integer> byScore() {
        return byFalling(scores);
    }

    /// The candidates by falling `values`; equal ones in order of their columns.
    static List<Integer> byFalling(double[] values) {
        return IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer n) -> -values[n]))
                .toList();
    }

    /// Collects candidates.
    static final class Builder {
        private final int[] columns;
        private final int[] tokens;
        private final double[] scores;
        private final double[] probabilities;
        private int next;

        Builder(int count) {
            columns = new int[count];
            tokens = new int[count];
            scores = new double[count];
            probabilities = new double[count];
        }

        void add(int column, int token, double score, double probability) {
            columns[next] = column;
            tokens[next] = token;
            scores[next] = score;
            probabilities[next++] = probability;
        }

        Candidates build() {
            return new Candidates(columns, tokens, scores, probabilities);
        }
    }
}
