package org.panamask.backend.reference;

import java.util.Arrays;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.CrossEntropy;
import org.panamask.tensor.Operands;
import org.panamask.tensor.Prediction;
import org.panamask.tensor.Scoring;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.TokenRule;
import org.panamask.tensor.Weight;

/// What is read from the head's logits: losses with their gradients, and predictions.
final class HeadLoops {
    private final Tensor hidden;
    private final Weight head;
    private final int rows;
    private final int vocabulary;
    private final double[] logits;

    /// The logits of every row, rounded to the type that sums are kept in.
    HeadLoops(Tensor hidden, Weight head) {
        this.hidden = hidden;
        this.head = head;
        this.rows = Values.extent(hidden, 0);
        this.vocabulary = Math.toIntExact(head.shape().extent(0));
        this.logits = new MatmulLoops(false).linear(hidden, head);
        for (int i = 0; i < logits.length; i++) {
            logits[i] = Values.rounded(logits[i], Operands.sumOf(hidden.dtype()));
        }
    }

    double[] logits() {
        return logits;
    }

    /// Fills `result`, and returns the gradients of the logits, `weight * slope * (softmax - onehot)`, as products
    /// take them.
    double[] crossEntropy(Scoring scoring, CrossEntropy result) {
        int[] target = Values.ints(scoring.targets());
        double[] weight = Values.of(scoring.weights());
        double[] gradients = new double[logits.length];
        double loss = 0;
        for (int r = 0; r < rows; r++) {
            Operands.requireIndex("crossEntropy: targets", target[r], r, vocabulary);
            double[] row = row(r);
            double largest = Arrays.stream(row).max().orElseThrow();
            double logSum = logSum(row);
            double entropy = logSum - row[target[r]];
            loss += weight[r] * scoring.tokens().of(entropy);
            double factor = weight[r] * scoring.tokens().slope(entropy);
            HostNumbers.put(result.rows(), r, entropy);
            Values.put(result.correct(), r, row[target[r]] == largest ? 1 : 0);
            for (int id = 0; id < vocabulary; id++) {
                double probability = StrictMath.exp(row[id] - logSum);
                gradients[r * vocabulary + id] =
                        Values.operand(factor * (probability - (id == target[r] ? 1 : 0)), hidden.dtype());
            }
        }
        HostNumbers.put(result.loss(), 0, loss);
        return gradients;
    }

    /// `scale * softmax(logits) table`.
    double[] expectation(Weight table, double scale) {
        int width = Math.toIntExact(table.shape().last());
        double[] w = Values.operand(table, hidden.dtype());
        double[] sums = new double[rows * width];
        for (int r = 0; r < rows; r++) {
            double[] row = row(r);
            double logSum = logSum(row);
            for (int id = 0; id < vocabulary; id++) {
                double probability = Values.operand(StrictMath.exp(row[id] - logSum), hidden.dtype());
                for (int c = 0; c < width; c++) {
                    sums[r * width + c] += scale * probability * w[id * width + c];
                }
            }
        }
        return sums;
    }

    /// `dlogits head`.
    double[] hiddenGradient(double[] dlogits) {
        int width = Values.extent(hidden, 1);
        double[] w = Values.operand(head, hidden.dtype());
        double[] gradient = new double[rows * width];
        for (int i = 0; i < dlogits.length; i++) {
            for (int c = 0; c < width; c++) {
                gradient[i / vocabulary * width + c] += dlogits[i] * w[i % vocabulary * width + c];
            }
        }
        return gradient;
    }

    /// `dlogits^T hidden`.
    double[] headGradient(double[] dlogits) {
        int width = Values.extent(hidden, 1);
        double[] x = Values.of(hidden);
        double[] gradient = new double[vocabulary * width];
        for (int i = 0; i < dlogits.length; i++) {
            for (int c = 0; c < width; c++) {
                gradient[i % vocabulary * width + c] += dlogits[i] * x[i / vocabulary * width + c];
            }
        }
        return gradient;
    }

    void argmax(TokenRule rule, Prediction result) {
        for (int r = 0; r < rows; r++) {
            ChoiceLoops choice = new ChoiceLoops(row(r), rule);
            choice.put(result, r, choice.likeliest());
        }
    }

    void sample(TokenRule rule, Tensor uniforms, Prediction result) {
        for (int r = 0; r < rows; r++) {
            ChoiceLoops choice = new ChoiceLoops(row(r), rule);
            choice.put(result, r, choice.drawn(HostNumbers.at(uniforms, r)));
        }
    }

    /// The logarithm of the sum of exponentials.
    static double logSum(double[] row) {
        double largest = Arrays.stream(row).max().orElseThrow();
        double sum = 0;
        for (double logit : row) {
            sum += StrictMath.exp(logit - largest);
        }
        return largest + StrictMath.log(sum);
    }

    private double[] row(int r) {
        return Arrays.copyOfRange(logits, r * vocabulary, (r + 1) * vocabulary);
    }
}
