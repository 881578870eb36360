package org.panamask.backend.reference;

import org.panamask.tensor.DropoutKey;
import org.panamask.tensor.Operands;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Tensor;

/// What works on single elements or pairs: gates, dropout, rotation.
final class ElementLoops {
    private static final double SLOPE = Math.sqrt(2 / Math.PI);
    private static final double CUBIC = 0.044715;

    private ElementLoops() {}

    static double[] swiGlu(Tensor gate, Tensor up) {
        double[] y = Values.of(gate);
        double[] u = Values.of(up);
        for (int i = 0; i < y.length; i++) {
            y[i] = y[i] * sigmoid(y[i]) * u[i];
        }
        return y;
    }

    /// `from + factor * (to - from)`.
    static double[] extrapolate(Tensor from, Tensor to, double factor) {
        double[] y = Values.of(from);
        double[] end = Values.of(to);
        for (int i = 0; i < y.length; i++) {
            y[i] += factor * (end[i] - y[i]);
        }
        return y;
    }

    /// `dgate = dy * up * s * (1 + gate * (1 - s))` with `s = sigmoid(gate)`.
    static double[] gateGradient(Tensor dy, Tensor gate, Tensor up) {
        double[] d = Values.of(dy);
        double[] g = Values.of(gate);
        double[] u = Values.of(up);
        for (int i = 0; i < d.length; i++) {
            double s = sigmoid(g[i]);
            d[i] *= u[i] * s * (1 + g[i] * (1 - s));
        }
        return d;
    }

    /// `dup = dy * silu(gate)`.
    static double[] upGradient(Tensor dy, Tensor gate) {
        return swiGlu(gate, dy);
    }

    /// `y = x (1 + t) / 2` with `t = tanh(sqrt(2 / pi) (x + 0.044715 x^3))`.
    static double[] gelu(Tensor x) {
        double[] y = Values.of(x);
        for (int i = 0; i < y.length; i++) {
            y[i] *= (1 + bend(y[i])) / 2;
        }
        return y;
    }

    /// `dx = dy ((1 + t) / 2 + x (1 - t^2) sqrt(2 / pi) (1 + 3 * 0.044715 x^2) / 2)`.
    static double[] geluGradient(Tensor dy, Tensor x) {
        double[] d = Values.of(dy);
        double[] in = Values.of(x);
        for (int i = 0; i < d.length; i++) {
            double t = bend(in[i]);
            double slope = (1 - t * t) * SLOPE * (1 + 3 * CUBIC * in[i] * in[i]);
            d[i] *= (1 + t + in[i] * slope) / 2;
        }
        return d;
    }

    private static double bend(double x) {
        return StrictMath.tanh(SLOPE * (x + CUBIC * x * x * x));
    }

    private static double sigmoid(double x) {
        return 1 / (1 + StrictMath.exp(-x));
    }

    /// Drops and scales; its own gradient, applied to `dy`.
    static double[] dropout(Tensor x, DropoutKey key) {
        double[] y = Values.of(x);
        int width = Values.extent(x, 1);
        DropoutDraws draws = new DropoutDraws(key);
        for (int i = 0; i < y.length; i++) {
            y[i] *= draws.factor(i / width, i % width);
        }
        return y;
    }

    /// Rotates by the angles, or by their opposites where `direction` is -1.
    static double[] rotate(Tensor x, Ops.Rotation rotation, int direction) {
        double[] y = Values.of(x);
        double[] cos = Values.of(rotation.cos());
        double[] sin = Values.of(rotation.sin());
        int[] positions = Values.ints(rotation.positions());
        int heads = Values.extent(x, 1);
        int half = Values.extent(x, 2) / 2;
        for (int n = 0; n < positions.length; n++) {
            Operands.requireIndex(
                    "rotate: positions", positions[n], n, rotation.cos().shape().extent(0));
            for (int h = 0; h < heads; h++) {
                int first = (n * heads + h) * half * 2;
                for (int i = 0; i < half; i++) {
                    double c = cos[positions[n] * half + i];
                    double s = direction * sin[positions[n] * half + i];
                    double low = y[first + i];
                    double high = y[first + half + i];
                    y[first + i] = low * c - high * s;
                    y[first + half + i] = high * c + low * s;
                }
            }
        }
        return y;
    }
}
