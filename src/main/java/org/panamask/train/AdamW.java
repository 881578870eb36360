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
    private final List<Piece> pieces;
    private final Predicate<String> decays;
    private final List<Tensor> means = new ArrayList<>();
    private final List<Tensor> meanSquares = new ArrayList<>();
    private long steps;

    private AdamW(TrainSettings settings, List<Piece> pieces, Predicate<String> decays) {
        this.settings = settings;
        this.pieces = pieces;
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
        return of(ops, owner, settings, StepGradients.whole(accumulators), decays);
    }

    /// State of zeros for `pieces`.
    static AdamW of(
            BackwardOps ops, Owner owner, TrainSettings settings, List<Piece> pieces, Predicate<String> decays) {
        AdamW made = new AdamW(settings, pieces, decays);
        for (Piece piece : pieces) {
            made.means.add(ops.zeros(owner, piece.weight().shape(), ops.sumType()));
            made.meanSquares.add(ops.zeros(owner, piece.weight().shape(), ops.sumType()));
        }
        return made;
    }

    /// Clips the gradients, updates every weight and clears the gradients.
    ///
    /// @return the norm of all gradients before clipping
    public double step(BackwardOps ops, double learningRate) {
        double norm = Math.sqrt(squares(ops));
        update(ops, learningRate, norm, 1);
        pieces.forEach(piece -> ops.clear(piece.gradient()));
        return norm;
    }

    /// The squared norm of the gradients of its pieces as they were summed; not finite if one of them is not.
    double squares(BackwardOps ops) {
        List<Tensor> gradients = pieces.stream().map(Piece::gradient).toList();
        return gradients.isEmpty() ? 0 : ops.doubles(ops.sumOfSquares(gradients))[0];
    }

    /// How often weights were updated.
    long steps() {
        return steps;
    }

    /// Updates its pieces with gradients that are `lossScale` times too large and, those of all ranks together,
    /// have the norm `norm` without that.
    void update(BackwardOps ops, double learningRate, double norm, double lossScale) {
        double clip = settings.maxGradNorm() > 0 ? Math.min(1, settings.maxGradNorm() / (norm + 1e-6)) : 1;
        steps++;
        for (int i = 0; i < pieces.size(); i++) {
            Weight weight = pieces.get(i).weight();
            AdamWStep numbers = new AdamWStep(
                    learningRate,
                    settings.adamBeta1(),
                    settings.adamBeta2(),
                    settings.adamEpsilon(),
                    decays.test(weight.name()) ? settings.weightDecay() : 0,
                    steps,
                    clip / lossScale);
            ops.adamW(weight, pieces.get(i).gradient(), means.get(i), meanSquares.get(i), numbers);
        }
    }
}
