package org.panamask.sampling;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// What a pass says of the columns of a row that may open: a token for each and how sure it is.
final class Candidates {
    private final int[] columns;
    private final int[] tokens;
    private final double[] confidences;

    /// Keeps the arrays, one entry for each column.
    Candidates(int[] columns, int[] tokens, double[] confidences) {
        this.columns = columns;
        this.tokens = tokens;
        this.confidences = confidences;
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

    double confidence(int n) {
        return confidences[n];
    }

    /// Those of `kept`, all of them columns of these.
    Candidates only(List<Integer> kept) {
        int[] places = kept.stream()
                .mapToInt(column -> Arrays.binarySearch(columns, column))
                .toArray();
        return new Candidates(
                kept.stream().mapToInt(column -> column).toArray(),
                Arrays.stream(places).map(n -> tokens[n]).toArray(),
                Arrays.stream(places).mapToDouble(n -> confidences[n]).toArray());
    }

    /// The `count` candidates of highest confidence; equal ones in order of their columns.
    List<Integer> best(int count) {
        return IntStream.range(0, columns.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer n) -> -confidences[n]))
                .limit(count)
                .toList();
    }
}
