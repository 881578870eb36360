package org.panamask.train;

import java.util.Arrays;
import java.util.List;
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

    /// Adds the loss of a micro-batch of which `count` rows were scored, with weights multiplied by `scale`.
    void add(Ops ops, CrossEntropy of, int count, double scale) {
        loss += ops.doubles(of.loss())[0] / scale;
        ce += Arrays.stream(ops.doubles(of.rows()), 0, count).sum();
        correct += Arrays.stream(ops.ints(of.correct()), 0, count).sum();
        scored += count;
    }

    /// The sums as numbers, to be added to those of other ranks.
    double[] numbers() {
        return new double[] {loss, ce, correct, scored, scorable, tokens};
    }

    /// The sums of all ranks together, each as [#numbers] gives them.
    static LossSums of(List<double[]> ranks) {
        LossSums all = new LossSums();
        for (double[] one : ranks) {
            all.loss += one[0];
            all.ce += one[1];
            all.correct += (long) one[2];
            all.scored += (long) one[3];
            all.scorable += (long) one[4];
            all.tokens += (long) one[5];
        }
        return all;
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
