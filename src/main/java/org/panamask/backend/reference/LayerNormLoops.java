package org.panamask.backend.reference;

import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Layer normalisation: `y = n * gain + bias`, `n = (x - mean) / sqrt(variance + epsilon)`.
final class LayerNormLoops {
    private LayerNormLoops() {}

    static double[] forward(Tensor x, Weight gain, Weight bias, double epsilon) {
        double[] y = Normalised.of(x, epsilon).rows;
        double[] g = Values.of(gain.value());
        double[] b = Values.of(bias.value());
        for (int i = 0; i < y.length; i++) {
            y[i] = y[i] * g[i % g.length] + b[i % g.length];
        }
        return y;
    }

    /// `dx = (dn - mean(dn) - n * mean(dn * n)) / deviation` with `dn = dy * gain`.
    static double[] inputGradient(Tensor dy, Tensor x, Weight gain, double epsilon) {
        double[] dx = Values.of(dy);
        Normalised normalised = Normalised.of(x, epsilon);
        double[] n = normalised.rows;
        double[] g = Values.of(gain.value());
        for (int row = 0; row < n.length; row += g.length) {
            double mean = 0;
            double along = 0;
            for (int i = 0; i < g.length; i++) {
                dx[row + i] *= g[i];
                mean += dx[row + i] / g.length;
                along += dx[row + i] * n[row + i] / g.length;
            }
            for (int i = row; i < row + g.length; i++) {
                dx[i] = (dx[i] - mean - n[i] * along) * normalised.inverse[row / g.length];
            }
        }
        return dx;
    }

    /// `dgain = sum over rows of dy * n`.
    static double[] gainGradient(Tensor dy, Tensor x, double epsilon) {
        double[] d = Values.of(dy);
        double[] n = Normalised.of(x, epsilon).rows;
        double[] sums = new double[Values.extent(x, 1)];
        for (int i = 0; i < d.length; i++) {
            sums[i % sums.length] += d[i] * n[i];
        }
        return sums;
    }

    /// @param rows `n`
    /// @param inverse by row, one over the deviation
    private record Normalised(double[] rows, double[] inverse) {
        static Normalised of(Tensor x, double epsilon) {
            double[] n = Values.of(x);
            int width = Values.extent(x, 1);
            double[] inverse = new double[Values.extent(x, 0)];
            for (int row = 0; row < inverse.length; row++) {
                double mean = 0;
                for (int i = row * width; i < (row + 1) * width; i++) {
                    mean += n[i] / width;
                }
                double variance = 0;
                for (int i = row * width; i < (row + 1) * width; i++) {
                    n[i] -= mean;
                    variance += n[i] * n[i] / width;
                }
                inverse[row] = 1 / Math.sqrt(variance + epsilon);
                for (int i = row * width; i < (row + 1) * width; i++) {
                    n[i] *= inverse[row];
                }
            }
            return new Normalised(n, inverse);
        }
    }
}
