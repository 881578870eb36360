package org.panamask.tensor;

/// The numbers of one AdamW update with decoupled weight decay: `p *= 1 - lr * decay`, then
/// `p -= lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)`.
///
/// @param learningRate the rate of this step
/// @param beta1 decay of the mean
/// @param beta2 decay of the mean square
/// @param epsilon added to the root, dimensionless
/// @param weightDecay decoupled decay
/// @param step counts from 1
/// @param gradientScale multiplies the gradient first: the clipping factor
/// @see <a href="https://arxiv.org/abs/1711.05101">Loshchilov and Hutter 2019, algorithm 2</a>
public record AdamWStep(
        double learningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        long step,
        double gradientScale) {}
