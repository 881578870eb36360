package org.panamask.backend.reference;

import org.panamask.backend.host.Float8;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.Operands;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Products with weights, biases, and looking rows up.
final class MatmulLoops {
    private final boolean eightBits;

    /// `eightBits` rounds both sides of the products with matrices of [Float8#multiplies].
    MatmulLoops(boolean eightBits) {
        this.eightBits = eightBits;
    }

    /// `values` as an operand beside `w`: rounded to `type` in the scale of all of them where the product is in 8
    /// bits.
    private double[] operand(double[] values, Weight w, Float8 type) {
        if (eightBits && Float8.multiplies(w)) {
            double most = 0;
            for (double value : values) {
                most = Math.max(most, Math.abs(value));
            }
            double scale = type.scale((float) most);
            for (int i = 0; i < values.length; i++) {
                values[i] = type.rounded((float) (values[i] * scale)) / scale;
            }
        }
        return values;
    }

    /// `x w^T`, `[N, out]`: each element is one sum in the order of the inner index, whatever N is.
    double[] linear(Tensor x, Weight w) {
        double[] a = operand(Values.of(x), w, Float8.E4M3);
        double[] b = operand(Values.operand(w, x.dtype()), w, Float8.E4M3);
        int inner = Values.extent(x, 1);
        int rows = Values.extent(x, 0);
        int columns = Math.toIntExact(w.shape().extent(0));
        double[] y = new double[rows * columns];
        for (int n = 0; n < rows; n++) {
            for (int o = 0; o < columns; o++) {
                double sum = 0;
                for (int i = 0; i < inner; i++) {
                    sum += a[n * inner + i] * b[o * inner + i];
                }
                y[n * columns + o] = sum;
            }
        }
        return y;
    }

    /// `x w^T + bias`.
    double[] linear(Tensor x, Weight w, Weight bias) {
        double[] y = linear(x, w);
        double[] b = Values.operand(bias, x.dtype());
        for (int i = 0; i < y.length; i++) {
            y[i] += b[i % b.length];
        }
        return y;
    }

    /// `scale * h w^T`, what a low-rank branch adds: halves are rounded after the product and after the factor.
    static double[] branch(Tensor h, Weight w, float scale) {
        double[] y = new MatmulLoops(false).linear(h, w);
        for (int i = 0; i < y.length; i++) {
            y[i] = Values.operand(Values.operand(y[i], h.dtype()) * scale, h.dtype());
        }
        return y;
    }

    /// `scale * dy w`, `[N, in]`.
    double[] inputGradient(Tensor dy, Weight w, float scale) {
        double[] a = operand(Values.of(dy), w, Float8.E5M2);
        double[] b = operand(Values.operand(w, dy.dtype()), w, Float8.E4M3);
        int rows = Values.extent(dy, 0);
        int outer = Values.extent(dy, 1);
        int inner = Math.toIntExact(w.shape().last());
        double[] dx = new double[rows * inner];
        for (int n = 0; n < rows; n++) {
            for (int o = 0; o < outer; o++) {
                double factor = scale * a[n * outer + o];
                for (int i = 0; i < inner; i++) {
                    dx[n * inner + i] += factor * b[o * inner + i];
                }
            }
        }
        return dx;
    }

    /// `scale * dy^T x`, `[out, in]`.
    static double[] weightGradient(Tensor dy, Tensor x, float scale) {
        double[] a = Values.of(dy);
        double[] b = Values.of(x);
        int rows = Values.extent(dy, 0);
        int outer = Values.extent(dy, 1);
        int inner = Values.extent(x, 1);
        double[] dw = new double[outer * inner];
        for (int n = 0; n < rows; n++) {
            for (int o = 0; o < outer; o++) {
                double factor = scale * a[n * outer + o];
                for (int i = 0; i < inner; i++) {
                    dw[o * inner + i] += factor * b[n * inner + i];
                }
            }
        }
        return dw;
    }

    /// The sum of the rows of `dy` `[N, out]`.
    static double[] biasGradient(Tensor dy) {
        double[] a = Values.of(dy);
        double[] sums = new double[Values.extent(dy, 1)];
        for (int i = 0; i < a.length; i++) {
            sums[i % sums.length] += a[i];
        }
        return sums;
    }

    /// Copies rows `rows` of `table` to `y`, in order; `what` names them in messages.
    static void gather(Tensor table, int[] rows, Tensor y, String what) {
        int width = Values.extent(table, 1);
        requireRows(rows, table, what);
        for (int n = 0; n < rows.length; n++) {
            for (int i = 0; i < width; i++) {
                HostNumbers.put(y, (long) n * width + i, HostNumbers.at(table, (long) rows[n] * width + i));
            }
        }
    }

    /// Adds the rows of `dy` to the rows `rows` of `table`; a row met twice takes both.
    static void scatterAdd(Tensor dy, int[] rows, Tensor table, String what) {
        int width = Values.extent(table, 1);
        requireRows(rows, table, what);
        for (int n = 0; n < rows.length; n++) {
            for (int i = 0; i < width; i++) {
                long at = (long) rows[n] * width + i;
                HostNumbers.put(table, at, HostNumbers.at(table, at) + HostNumbers.at(dy, (long) n * width + i));
            }
        }
    }

    private static void requireRows(int[] rows, Tensor table, String what) {
        for (int n = 0; n < rows.length; n++) {
            Operands.requireIndex(what, rows[n], n, table.shape().extent(0));
        }
    }

    /// Columns `[from, from + count)` of `x` `[N, D]`.
    static double[] columns(Tensor x, long from, long count) {
        double[] whole = Values.of(x);
        int width = Values.extent(x, 1);
        double[] y = new double[Math.toIntExact(x.shape().extent(0) * count)];
        for (int i = 0; i < y.length; i++) {
            y[i] = whole[Math.toIntExact(i / count * width + from + i % count)];
        }
        return y;
    }

    /// `dy` `[N, count]` at the columns from `from` on of zeros `[N, width]`.
    static double[] columnsGradient(Tensor dy, long from, long width) {
        double[] d = Values.of(dy);
        long count = dy.shape().last();
        double[] dx = new double[Math.toIntExact(dy.shape().extent(0) * width)];
        for (int i = 0; i < d.length; i++) {
            dx[Math.toIntExact(i / count * width + from + i % count)] = d[i];
        }
        return dx;
    }
}
