package org.panamask.backend;

import org.panamask.tensor.Tensor;

/// Ranks that bring nothing.
///
/// @param rank of this process
/// @param world how many ranks there would be
record AloneCollective(int rank, int world) implements Collective {
    @Override
    public void sum(Tensor tensor) {}

    @Override
    public void average(Tensor tensor) {}

    @Override
    public void sumParts(Tensor tensor) {}

    @Override
    public void gatherParts(Tensor tensor) {}

    @Override
    public void join() {}

    @Override
    public void close() {}
}
