package org.panamask.train;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.panamask.autograd.Accumulators;
import org.panamask.tensor.AdamWStep;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// AdamW over every trained weight, with clipping by the global norm. Keeps two running means a weight.
public final class AdamW {
    private final TrainSettings settings;
    private final Accumulators accumulators;
    private final Predicate<String> decays;
    private final List<Tensor> means = new ArrayList<>();
    private final List<Tensor> meanSquares = new ArrayList<>();
    private long steps;

    private AdamW(TrainSettings settings, Accumulators accumulators, Predicate<String> decays) {
        this.settings = settings;
        this.accumulators = accumulators;
        this.decays = decays;
    }

    /// State of zeros for the weights of `accumulators`.
    ///
    /// @param ops of the job that makes the state
    /// @param owner keeps the state
    /// @param settings betas, epsilon, weight decay, clipping norm
    /// @param accumulators the trained weights and their gradients
    /// @param decays whether the weight of a name decays
    public static AdamW create(
            BackwardOps ops, Owner owner, TrainSettings settings, Accumulators accumulators, Predicate<String> decays) {
        AdamW made = new AdamW(settings, accumulators, decays);
        for (Weight weight : accumulators.weights()) {
            made.means.add(ops.zeros(owner, weight.shape(), ops.sumType()));
            made.meanSquares.add(ops.zeros(owner, weight.shape(), ops.sumType()));
        }
        return made;
    }

    /// Clips the gradients, updates every weight and clears the gradients.
    ///
    /// @return the norm of all gradients before clipping
    public double step(BackwardOps ops, double learningRate) {
        double norm = norm(ops);
        update(ops, learningRate, norm, 1);
        return norm;
    }

    /// The norm of all gradients as they were summed; not finite if one of them is not.
    double norm(BackwardOps ops) {
        return Math.sqrt(ops.doubles(ops.sumOfSquares(accumulators.tensors()))[0]);
    }

    /// How often weights were updated.
    long steps() {
        return steps;
    }

    /// Updates every weight with gradients that are `lossScale` times too large and have the norm `norm` without
    /// that, and clears them.
    void update(BackwardOps ops, double learningRate, double norm, double lossScale) {
        double clip = settings.maxGradNorm() > 0 ? Math.min(1, settings.maxGradNorm() / (norm + 1e-6)) : 1;
        steps++;
        List<Weight> weights = accumulators.weights();
        List<Tensor> gradients = accumulators.tensors();
        for (int i = 0; i < weights.size(); i++) {
            double decay = decays.test(weights.get(i).name()) ? settings.weightDecay() : 0;
            AdamWStep numbers = new AdamWStep(
                    learningRate,
                    settings.adamBeta1(),
                    settings.adamBeta2(),
                    settings.adamEpsilon(),
                    decay,
                    steps,
                    clip / lossScale);
            ops.adamW(weights.get(i), gradients.get(i), means.get(i), meanSquares.get(i), numbers);
        }
        accumulators.clear(ops);
    }
}
