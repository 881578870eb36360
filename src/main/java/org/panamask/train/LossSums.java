package org.panamask.train;

import java.util.Arrays;
import org.panamask.diffusion.TokenRows;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.Ops;

/// Adds up what the micro-batches of a step gave.
final class LossSums {
    private double loss;
    private double ce;
    private long correct;
    private long scored;
    private long scorable;
    private long tokens;

    /// Counts `rows` of which `count` columns may be scored.
    void rows(TokenRows rows, int count) {
        tokens += rows.ids().length;
        scorable += count;
    }

    /// Adds the loss of a micro-batch, whose weights were multiplied by `scale`.
    void add(Ops ops, CrossEntropy of, double scale) {
        loss += ops.doubles(of.loss())[0] / scale;
        double[] rows = ops.doubles(of.rows());
        ce += Arrays.stream(rows).sum();
        correct += Arrays.stream(ops.ints(of.correct())).sum();
        scored += rows.length;
    }

    /// What they come to after a step that changed weights with gradients of norm `gradNorm`, or did not.
    StepResult result(double gradNorm, double learningRate, boolean skipped) {
        return new StepResult(
                loss,
                scored == 0 ? 0 : ce / scored,
                (double) correct / scored,
                scorable == 0 ? 0 : (double) scored / scorable,
                gradNorm,
                learningRate,
                skipped,
                tokens);
    }
}
