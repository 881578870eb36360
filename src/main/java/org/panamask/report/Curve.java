package org.panamask.report;

import java.util.Arrays;

/// Numbers by step, as many as come.
final class Curve {
    private double[] steps = new double[64];
    private double[] values = new double[64];
    private int size;

    /// Adds a point; one that is not a finite number is left out, for it cannot be drawn.
    void add(double step, double value) {
        if (!Double.isFinite(value)) {
            return;
        }
        if (size == steps.length) {
            steps = Arrays.copyOf(steps, 2 * size);
            values = Arrays.copyOf(values, 2 * size);
        }
        steps[size] = step;
        values[size++] = value;
    }

    int size() {
        return size;
    }

    double step(int index) {
        return steps[index];
    }

    double[] values() {
        return Arrays.copyOf(values, size);
    }

    /// The running mean `y_i = w y_(i-1) + (1 - w) x_i` that starts at `x_0`; the more points, the slower it moves:
    /// `w = 1.8 (1 / (1 + exp(-0.05 n)) - 0.5)`. Source: LLaMA-Factory, `extras/ploting.py`, `smooth`.
    static double[] smoothed(double[] values) {
        double[] smoothed = new double[values.length];
        double weight = 1.8 * (1 / (1 + Math.exp(-0.05 * values.length)) - 0.5);
        double last = values.length > 0 ? values[0] : 0;
        for (int i = 0; i < values.length; i++) {
            last = weight * last + (1 - weight) * values[i];
            smoothed[i] = last;
        }
        return smoothed;
    }
}
