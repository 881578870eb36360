package org.panamask.backend;

import org.panamask.tensor.Tensor;

/// Sums and gathers tensors of several ranks, each a process of its own. All ranks call the same operations on tensors
/// of the same sizes in the same order, inside jobs of their backends. Sums are formed in an order that depends on
/// nothing but the ranks, and every rank gets the same bits.
///
/// An operation starts when what the job computed before is ready, and goes on beside what it computes next; [#join]
/// makes what follows wait. Until then the tensor must be left alone. Tensors belong to an owner, not to a job.
public interface Collective extends AutoCloseable {
    /// The number of this process among them.
    int rank();

    /// How many there are.
    int world();

    /// Replaces `tensor`, of f32 or f64, by the sum of those of all ranks.
    void sum(Tensor tensor);

    /// Replaces `tensor`, of f32 or f64, by the mean of those of all ranks.
    void average(Tensor tensor);

    /// Replaces this rank's part of `tensor`, of f32 or f64, by the sum of that part of all ranks; the other parts
    /// are undefined afterwards. A part is one of [#world] equal pieces, in the order of ranks.
    void sumParts(Tensor tensor);

    /// Replaces each part of `tensor` by that of the rank it belongs to.
    void gatherParts(Tensor tensor);

    /// Makes what the job does next wait for the operations so far.
    ///
    /// @throws org.panamask.launch.RankException if a rank failed or died, or did not come in time
    void join();

    /// Gives up what is still going on. Called outside of jobs, before the owners of its tensors are closed;
    /// closing twice does nothing.
    @Override
    void close();

    /// One process alone: every sum is its own.
    static Collective alone() {
        return new AloneCollective(0, 1);
    }

    /// `world` ranks of which only this one is there, for counting memory and operations.
    static Collective imagined(int world) {
        return new AloneCollective(0, world);
    }
}
