package org.panamask.backend.reference;

import java.util.Optional;
import org.panamask.tensor.AnnealingDraw;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.DType;
import org.panamask.tensor.KeyIntervals;
import org.panamask.tensor.Tensor;

/// Softmax attention, one query row and head after the other: `s = q k^T / sqrt(d)`, `p = softmax(s)`, `y = (m * p) v`
/// with the factors `m` of dropout; back: `dv = (m * p) dy`, `dp = m * (dy v^T)`, `ds = p * (dp - sum(p * dp))`, `dq =
/// ds k / sqrt(d)`, `dk = ds q / sqrt(d)`. Where activations are halves, `m * p` and `ds` are rounded to halves as
/// operands of products; scores never are.
final class AttentionLoops {
    private final double[] q;
    private final double[] k;
    private final double[] v;
    private final KeyIntervals mask;
    private final int keys;
    private final int heads;
    private final int groups;
    private final int width;
    private final double scale;
    private final DType dtype;
    private final boolean[] visible;
    private final double[] p;
    private final double[] kept;
    private final Optional<DropoutDraws> draws;

    AttentionLoops(BackwardOps.AttentionInputs inputs) {
        q = Values.of(inputs.q());
        k = Values.of(inputs.k());
        v = Values.of(inputs.v());
        mask = inputs.mask();
        keys = mask.keys();
        heads = Values.extent(inputs.q(), 1);
        groups = Values.extent(inputs.k(), 1);
        width = Values.extent(inputs.q(), 2);
        scale = 1 / Math.sqrt(width);
        dtype = inputs.q().dtype();
        visible = new boolean[keys];
        p = new double[keys];
        kept = new double[keys];
        draws = inputs.dropout().map(DropoutDraws::new);
    }

    /// The gradients of the three inputs.
    record Gradients(double[] q, double[] k, double[] v) {}

    /// One query row and head, whose keys are visible as [#visible] says.
    @FunctionalInterface
    private interface Visit {
        void at(int query, int b, int group);
    }

    double[] forward() {
        double[] y = new double[q.length];
        visit((query, b, group) -> {
            for (int j = 0; j < keys; j++) {
                addScaled(y, query, Values.operand(p[j] * kept[j], dtype), v, key(b, j, group));
            }
        });
        return y;
    }

    Gradients backward(Tensor dy) {
        double[] d = Values.of(dy);
        Gradients gradients = new Gradients(new double[q.length], new double[k.length], new double[v.length]);
        double[] dp = new double[keys];
        visit((query, b, group) -> {
            double sum = 0;
            for (int j = 0; j < keys; j++) {
                int key = key(b, j, group);
                addScaled(gradients.v, key, Values.operand(p[j] * kept[j], dtype), d, query);
                dp[j] = p[j] == 0 ? 0 : kept[j] * dot(d, query, v, key);
                sum += p[j] * dp[j];
            }
            for (int j = 0; j < keys; j++) {
                int key = key(b, j, group);
                double ds = Values.operand(p[j] * (dp[j] - sum) * scale, dtype);
                addScaled(gradients.q, query, ds, k, key);
                addScaled(gradients.k, key, ds, q, query);
            }
        });
        return gradients;
    }

    private void visit(Visit visit) {
        for (int b = 0; b < mask.batch(); b++) {
            for (int row = mask.firstRow(b); row < mask.firstRow(b + 1); row++) {
                if (!mask.visible(visible, row, new AnnealingDraw.Span(0, keys))) {
                    continue;
                }
                for (int h = 0; h < heads; h++) {
                    int query = (row * heads + h) * width;
                    int group = h / (heads / groups);
                    fillProbabilities(query, b, group);
                    fillKept(row, h);
                    visit.at(query, b, group);
                }
            }
        }
    }

    private void fillProbabilities(int query, int b, int group) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < keys; j++) {
            p[j] = visible[j] ? dot(q, query, k, key(b, j, group)) * scale : Double.NEGATIVE_INFINITY;
            largest = Math.max(largest, p[j]);
        }
        double sum = 0;
        for (int j = 0; j < keys; j++) {
            p[j] = visible[j] ? StrictMath.exp(p[j] - largest) : 0;
            sum += p[j];
        }
        for (int j = 0; j < keys; j++) {
            p[j] /= sum;
        }
    }

    private void fillKept(int row, int head) {
        for (int j = 0; j < keys; j++) {
            int key = j;
            kept[j] = draws.map(each -> each.attentionFactor(row, head, key)).orElse(1.0);
        }
    }

    private int key(int b, int j, int group) {
        return ((b * keys + j) * groups + group) * width;
    }

    private double dot(double[] x, int xAt, double[] y, int yAt) {
        double sum = 0;
        for (int i = 0; i < width; i++) {
            sum += x[xAt + i] * y[yAt + i];
        }
        return sum;
    }

    private void addScaled(double[] sum, int at, double factor, double[] x, int xAt) {
        if (factor == 0) {
            return;
        }
        for (int i = 0; i < width; i++) {
            sum[at + i] += factor * x[xAt + i];
        }
    }
}
