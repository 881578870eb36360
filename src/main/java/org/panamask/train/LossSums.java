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

    /// Adds the loss of a micro-batch.
    void add(Ops ops, CrossEntropy of) {
        loss += ops.doubles(of.loss())[0];
        double[] rows = ops.doubles(of.rows());
        ce += Arrays.stream(rows).sum();
        correct += Arrays.stream(ops.ints(of.correct())).sum();
        scored += rows.length;
    }

    StepResult result(double gradNorm, double learningRate) {
        return new StepResult(
                loss,
                scored == 0 ? 0 : ce / scored,
                (double) correct / scored,
                scorable == 0 ? 0 : (double) scored / scorable,
                gradNorm,
                learningRate,
                tokens);
    }
}
