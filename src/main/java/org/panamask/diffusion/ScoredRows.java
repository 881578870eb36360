package org.panamask.diffusion;

import java.util.Arrays;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenWeighting;

/// Which hidden rows a loss reads, against which tokens, with which weights: everything it needs before the model
/// runs, so that the model computes no other row.
public final class ScoredRows {
    private final int[] rows;
    private final int[] targets;
    private final double[] weights;

    private final TokenWeighting tokens;

    private ScoredRows(int[] rows, int[] targets, double[] weights, TokenWeighting tokens) {
        this.rows = rows;
        this.targets = targets;
        this.weights = weights;
        this.tokens = tokens;
    }

    static final class Builder {
        private final int[] rows;
        private final int[] targets;
        private final double[] weights;
        private int count;

        Builder(int most) {
            rows = new int[most];
            targets = new int[most];
            weights = new double[most];
        }

        void add(int row, int target, double weight) {
            rows[count] = row;
            targets[count] = target;
            weights[count++] = weight;
        }

        /// What was added, with each weight divided by `denominator`.
        ScoredRows build(double denominator) {
            return new ScoredRows(
                    Arrays.copyOf(rows, count),
                    Arrays.copyOf(targets, count),
                    Arrays.stream(weights, 0, count)
                            .map(weight -> weight / denominator)
                            .toArray(),
                    TokenWeighting.NONE);
        }

        int count() {
            return count;
        }
    }

    /// The same with another way for a row's cross entropy to count.
    public ScoredRows withTokens(TokenWeighting other) {
        return new ScoredRows(rows, targets, weights, other);
    }

    /// How a row's cross entropy counts.
    public TokenWeighting tokens() {
        return tokens;
    }

    /// The hidden rows `b * T + i`, ascending; the same one twice where it predicts two columns.
    public int[] rows() {
        return rows;
    }

    /// The token that each row is to predict.
    public int[] targets() {
        return targets;
    }

    /// What each row's cross entropy is multiplied by in the loss.
    public double[] weights() {
        return weights;
    }

    /// The number of rows.
    public int count() {
        return rows.length;
    }

    /// Whether nothing is scored: the loss is 0, no gradient changes, and the model need not run.
    public boolean isEmpty() {
        return rows.length == 0;
    }

    /// The same rows with every weight multiplied by `factor`.
    public ScoredRows scaled(double factor) {
        return new ScoredRows(
                rows,
                targets,
                Arrays.stream(weights).map(weight -> weight * factor).toArray(),
                tokens);
    }

    /// Runs `model` on `canvas` for these rows and scores them. The result may have more rows behind these, which
    /// weigh nothing, see [Ops#roundRows].
    ///
    /// @throws IllegalArgumentException if there are none
    public CrossEntropy crossEntropy(Ops ops, Denoiser model, Canvas canvas) {
        Tensor hidden = hidden(ops, model, canvas);
        int count = Math.toIntExact(hidden.shape().extent(0));
        Scoring scoring = new Scoring(
                ops.upload(Shape.of(count), Arrays.copyOf(targets, count)),
                ops.upload(Shape.of(count), Arrays.copyOf(weights, count)),
                tokens);
        return ops.crossEntropy(hidden, model.head(), scoring);
    }

    /// The cross entropy of each of these rows, in their order.
    ///
    /// @throws IllegalArgumentException if there are none
    public double[] entropies(Ops ops, Denoiser model, Canvas canvas) {
        return Arrays.copyOf(ops.doubles(crossEntropy(ops, model, canvas).rows()), rows.length);
    }

    /// The hidden states of [#rows], in their order, and perhaps more behind them.
    Tensor hidden(Ops ops, Denoiser model, Canvas canvas) {
        int all = canvas.ids().length;
        int[] distinct = Arrays.stream(rows).distinct().toArray();
        Tensor hidden = model.hidden(ops, canvas.withRows(Canvas.rounded(ops, distinct, all)));
        if (distinct.length == rows.length) {
            return hidden;
        }
        int[] places = Arrays.stream(rows)
                .map(row -> Arrays.binarySearch(distinct, row))
                .toArray();
        int[] rounded = Canvas.rounded(ops, places, all);
        return ops.gatherRows(hidden, ops.upload(Shape.of(rounded.length), rounded));
    }
}
