package org.panamask.backend.reference;

import java.util.Comparator;
import java.util.stream.IntStream;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.Confidence;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.TokenRule;

/// The choice of a token from a row of logits.
final class ChoiceLoops {
    private final TokenRule rule;
    private final double[] raw;
    private final double[] allowed;

    /// The choices that `rule` leaves of `logits`.
    ChoiceLoops(double[] logits, TokenRule rule) {
        this.rule = rule;
        rule.bias().forEach((id, amount) -> logits[id] += amount);
        rule.forbidden().forEach(id -> logits[id] = Double.NEGATIVE_INFINITY);
        this.raw = normalized(logits.clone());
        this.allowed = allowed(logits);
    }

    /// The likeliest token, the lowest id of equals.
    int likeliest() {
        int best = 0;
        for (int id = 1; id < allowed.length; id++) {
            if (allowed[id] > allowed[best]) {
                best = id;
            }
        }
        return best;
    }

    /// The first token whose cumulative probability exceeds `uniform`.
    int drawn(double uniform) {
        int chosen = 0;
        double mass = 0;
        for (int id = 0; id < allowed.length && mass <= uniform; id++) {
            if (allowed[id] > Double.NEGATIVE_INFINITY) {
                // Where rounding leaves the whole mass at or below the draw, the last allowed id is taken.
                chosen = id;
                mass += StrictMath.exp(allowed[id]);
            }
        }
        return chosen;
    }

    /// Enters `token` as what is chosen for row `row`.
    void put(Prediction result, int row, int token) {
        Values.put(result.tokens(), row, token);
        HostNumbers.put(result.logProbability(), row, allowed[token]);
        HostNumbers.put(result.confidence(), row, confidence(token));
    }

    private double confidence(int token) {
        Confidence confidence = rule.confidence();
        double[] logs = switch (confidence.basis()) {
            case FILTERED -> allowed.clone();
            case RAW -> raw.clone();
        };
        if (!confidence.ignored().isEmpty()) {
            confidence.ignored().forEach(id -> logs[id] = Double.NEGATIVE_INFINITY);
            if (logs[token] == Double.NEGATIVE_INFINITY) {
                return Double.NEGATIVE_INFINITY;
            }
            normalized(logs);
        }
        double[] p = new double[logs.length];
        for (int id = 0; id < p.length; id++) {
            p[id] = StrictMath.exp(logs[id]);
        }
        return switch (confidence.measure()) {
            case TOKEN -> logs[token];
            case MARGIN -> margin(p);
            case ENTROPY -> entropy(p);
        };
    }

    private static double margin(double[] p) {
        double largest = 0;
        double second = 0;
        for (double each : p) {
            second = Math.max(second, Math.min(each, largest));
            largest = Math.max(largest, each);
        }
        return largest - second;
    }

    private static double entropy(double[] p) {
        double sum = 0;
        for (double each : p) {
            sum += Confidence.entropy(each);
        }
        return sum;
    }

    /// Log-probabilities after temperature and filters; negative infinity for what is dropped.
    private double[] allowed(double[] row) {
        for (int id = 0; id < row.length; id++) {
            row[id] /= rule.temperature();
        }
        if (rule.filters().drops(row.length)) {
            filter(row);
        }
        return normalized(row);
    }

    private static double[] normalized(double[] row) {
        double logSum = HeadLoops.logSum(row);
        for (int id = 0; id < row.length; id++) {
            row[id] -= logSum;
        }
        return row;
    }

    private void filter(double[] row) {
        int[] order = IntStream.range(0, row.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingDouble(id -> -row[id]).thenComparingInt(id -> id))
                .mapToInt(Integer::intValue)
                .toArray();
        switch (rule.filters().first()) {
            case TOP_K -> {
                keepLargest(row, order);
                keepMass(row, order);
            }
            case TOP_P -> {
                keepMass(row, order);
                keepLargest(row, order);
            }
        }
    }

    private void keepLargest(double[] row, int[] order) {
        if (rule.filters().topK() > 0) {
            for (int rank = rule.filters().topK(); rank < order.length; rank++) {
                row[order[rank]] = Double.NEGATIVE_INFINITY;
            }
        }
    }

    private void keepMass(double[] row, int[] order) {
        if (rule.filters().topP() < 1) {
            double logSum = HeadLoops.logSum(row);
            double before = 0;
            for (int id : order) {
                double probability = StrictMath.exp(row[id] - logSum);
                if (before > rule.filters().topP()) {
                    row[id] = Double.NEGATIVE_INFINITY;
                }
                before += probability;
            }
        }
    }
}
