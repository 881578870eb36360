package org.panamask.train;

import java.util.List;
import org.panamask.autograd.Accumulators;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Weight;

/// Gradients that no other rank adds to.
///
/// @param accumulators where they are summed
record OwnGradients(Accumulators accumulators) implements StepGradients {
    @Override
    public void begin(BackwardOps ops) {
        accumulators.clear(ops);
    }

    @Override
    public void end() {}

    @Override
    public boolean isShared() {
        return false;
    }

    @Override
    public List<Piece> pieces() {
        return StepGradients.whole(accumulators);
    }

    @Override
    public void formed(Weight weight) {}

    @Override
    public void complete() {}

    @Override
    public double squares(List<Double> ofEachRank) {
        return ofEachRank.getFirst();
    }

    @Override
    public void updated(BackwardOps ops) {}
}
