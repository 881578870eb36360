package org.panamask.backend.reference;

import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// RMS normalisation: `y = n * gain`, `n = x / rms`, `rms = sqrt(mean(x^2) + epsilon)`.
final class NormLoops {
    private NormLoops() {}

    static double[] forward(Tensor x, Weight gain, double epsilon) {
        double[] y = normalised(x, epsilon);
        double[] g = Values.of(gain.value());
        for (int i = 0; i < y.length; i++) {
            y[i] *= g[i % g.length];
        }
        return y;
    }

    /// `dx = (dn - n * mean(dn * n)) / rms` with `dn = dy * gain`.
    static double[] inputGradient(Tensor dy, Tensor x, Weight gain, double epsilon) {
        double[] dx = Values.of(dy);
        double[] in = Values.of(x);
        double[] g = Values.of(gain.value());
        int width = Values.extent(x, 1);
        for (int row = 0; row < in.length; row += width) {
            double inverse = inverseRms(in, row, width, epsilon);
            double mean = 0;
            for (int i = 0; i < width; i++) {
                dx[row + i] *= g[i];
                mean += dx[row + i] * in[row + i] * inverse;
            }
            mean /= width;
            for (int i = 0; i < width; i++) {
                dx[row + i] = (dx[row + i] - in[row + i] * inverse * mean) * inverse;
            }
        }
        return dx;
    }

    /// `dgain = sum over rows of dy * n`.
    static double[] gainGradient(Tensor dy, Tensor x, double epsilon) {
        double[] d = Values.of(dy);
        double[] n = normalised(x, epsilon);
        double[] sums = new double[Values.extent(x, 1)];
        for (int i = 0; i < d.length; i++) {
            sums[i % sums.length] += d[i] * n[i];
        }
        return sums;
    }

    private static double[] normalised(Tensor x, double epsilon) {
        double[] n = Values.of(x);
        int width = Values.extent(x, 1);
        for (int row = 0; row < n.length; row += width) {
            double inverse = inverseRms(n, row, width, epsilon);
            for (int i = row; i < row + width; i++) {
                n[i] = Values.rounded(n[i] * inverse, x.dtype());
            }
        }
        return n;
    }

    private static double inverseRms(double[] x, int row, int width, double epsilon) {
        double sum = 0;
        for (int i = row; i < row + width; i++) {
            sum += x[i] * x[i];
        }
        return 1 / Math.sqrt(sum / width + epsilon);
    }
}
