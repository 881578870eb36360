package org.panamask.train;

import java.util.List;
import java.util.stream.IntStream;
import org.panamask.autograd.Accumulators;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Weight;

/// The gradients of one optimizer step: where they are summed, how ranks add theirs up, and what this rank updates.
sealed interface StepGradients permits OwnGradients, SharedGradients {
    /// Zeros for `weights`.
    static StepGradients of(BackwardOps ops, Owner owner, List<Weight> weights, Team team) {
        return team.world() == 1
                ? new OwnGradients(Accumulators.of(ops, owner, weights))
                : SharedGradients.create(ops, owner, weights, team);
    }

    /// A step begins: makes every sum zero, whatever a step that failed has left in it.
    void begin(BackwardOps ops);

    /// The step is over, and nothing of it is left to be undone.
    void end();

    /// Whether other ranks have been given gradients of the step that goes on: they will not take them back.
    boolean isShared();

    /// Where this rank's are summed.
    Accumulators accumulators();

    /// What this rank updates, with the sums of all ranks.
    List<Piece> pieces();

    /// Nothing more is added to the gradient of `weight` in this step.
    void formed(Weight weight);

    /// The step's last gradient is formed: makes what follows wait for the sums of all ranks.
    void complete();

    /// The square of the norm of all gradients, from that of what each rank updates.
    double squares(List<Double> ofEachRank);

    /// The pieces have new values: makes them those of every rank.
    void updated(BackwardOps ops);

    /// Whole weights and their sums.
    static List<Piece> whole(Accumulators accumulators) {
        return IntStream.range(0, accumulators.weights().size())
                .mapToObj(i -> new Piece(
                        accumulators.weights().get(i), accumulators.tensors().get(i)))
                .toList();
    }
}
