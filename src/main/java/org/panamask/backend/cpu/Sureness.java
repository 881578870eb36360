package org.panamask.backend.cpu;

import org.panamask.tensor.Confidence;

/// How sure a row of probabilities is of a token.
final class Sureness {
    /// Below it the logarithm in [Confidence#entropy] is that of its least argument, to six digits.
    private static final float FLAT = 1e-15f;

    private Sureness() {}

    /// The confidence in `token` of the first `count` of `p`, whose sum is `mass`. Clears what is ignored.
    static double of(Confidence confidence, float[] p, int count, int token, double mass) {
        if (confidence.ignored().isEmpty()) {
            return measure(confidence.measure(), p, count, token, mass);
        }
        confidence.ignored().forEach(id -> p[id] = 0);
        return p[token] == 0 ? Double.NEGATIVE_INFINITY : measure(confidence.measure(), p, count, token, sum(p, count));
    }

    private static double measure(Confidence.Measure measure, float[] p, int count, int token, double mass) {
        return switch (measure) {
            case TOKEN -> Math.log(p[token] / mass);
            case MARGIN -> margin(p, count) / mass;
            case ENTROPY -> entropy(p, count, mass);
        };
    }

    private static double margin(float[] p, int count) {
        float largest = 0;
        float second = 0;
        for (int id = 0; id < count; id++) {
            if (p[id] > second) {
                second = Math.min(p[id], largest);
                largest = Math.max(p[id], largest);
            }
        }
        return (double) largest - second;
    }

    private static double entropy(float[] p, int count, double mass) {
        double sum = 0;
        double flat = 0;
        for (int id = 0; id < count; id++) {
            if (p[id] < FLAT) {
                flat += p[id];
            } else {
                sum += Confidence.entropy(p[id] / mass);
            }
        }
        return sum + flat / mass * Math.log(1e-10);
    }

    /// The sum of the first `count` of `p`.
    static double sum(float[] p, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += p[i];
        }
        return sum;
    }
}
