package org.panamask.backend.reference;

import java.util.List;
import org.panamask.backend.host.HostNumbers;
import org.panamask.tensor.AdamWStep;
import org.panamask.tensor.Tensor;

/// The optimizer's arithmetic.
final class OptimizerLoops {
    private OptimizerLoops() {}

    static double sumOfSquares(List<Tensor> tensors) {
        double sum = 0;
        for (Tensor tensor : tensors) {
            for (long i = 0; i < tensor.count(); i++) {
                double value = HostNumbers.at(tensor, i);
                sum += value * value;
            }
        }
        return sum;
    }

    static void adamW(Tensor parameter, Tensor gradient, Tensor mean, Tensor meanSquare, AdamWStep step) {
        double size = step.learningRate() / (1 - StrictMath.pow(step.beta1(), step.step()));
        double correction = Math.sqrt(1 - StrictMath.pow(step.beta2(), step.step()));
        for (long i = 0; i < parameter.count(); i++) {
            double g = Values.rounded(HostNumbers.at(gradient, i) * step.gradientScale(), gradient.dtype());
            double m = HostNumbers.at(mean, i);
            HostNumbers.put(mean, i, m + (g - m) * (1 - step.beta1()));
            double v = HostNumbers.at(meanSquare, i);
            HostNumbers.put(meanSquare, i, v * step.beta2() + g * g * (1 - step.beta2()));
            double root = Math.sqrt(HostNumbers.at(meanSquare, i)) / correction + step.epsilon();
            double p = HostNumbers.at(parameter, i) * (1 - step.learningRate() * step.weightDecay());
            HostNumbers.put(parameter, i, p - size * HostNumbers.at(mean, i) / root);
        }
    }
}
