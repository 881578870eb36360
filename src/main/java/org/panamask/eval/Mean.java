package org.panamask.eval;

import java.util.Arrays;

/// A mean over independent rows and how far it may be off.
///
/// @param value the mean; not a number when there are no rows
/// @param standardError the sample's standard deviation (divisor n - 1) divided by the square root of n; not a number
///     for fewer than two rows
/// @param count n, the number of rows
public record Mean(double value, double standardError, int count) {
    /// The mean of `values`.
    public static Mean of(double... values) {
        int n = values.length;
        double mean = Arrays.stream(values).average().orElse(Double.NaN);
        double squares = Arrays.stream(values).map(x -> (x - mean) * (x - mean)).sum();
        double error = n < 2 ? Double.NaN : Math.sqrt(squares / (n - 1) / n);
        return new Mean(mean, error, n);
    }
}
