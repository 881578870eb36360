package org.panamask.diffusion;

import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;

/// What the embeddings of hidden columns get added: the embedding expected of their token in the pass before, times a
/// weight. It stays on the device between passes. One pass at a time may use it.
///
/// @see <a href="https://arxiv.org/abs/2510.08666">Ma et al. 2025, dInfer, iteration smoothing</a>
public final class SoftEmbeddings implements AutoCloseable {
    private final Owner owner;
    private final Tensor rows;

    private SoftEmbeddings(Owner owner, Tensor rows) {
        this.owner = owner;
        this.rows = rows;
    }

    /// Zeros for canvases of `batch` rows of `tokens` columns of `model`, in the memory of a new owner.
    public static SoftEmbeddings open(Passes passes, Denoiser model, int batch, int tokens) {
        Owner owner = passes.owner("soft embeddings");
        try {
            Shape shape =
                    Shape.of((long) batch * tokens, model.embedding().shape().last());
            return passes.run(ops -> new SoftEmbeddings(owner, ops.zeros(owner, shape, ops.dtype())));
        } catch (RuntimeException failure) {
            owner.close();
            throw failure;
        }
    }

    /// Keeps for the columns `places`, as `b * T + i`, what their hidden states `hidden` `[R, D]` let expect, times
    /// `weight`.
    public void expect(Ops ops, Denoiser model, Tensor hidden, int[] places, double weight) {
        Tensor expected = ops.expectation(hidden, model.head(), model.embedding(), weight);
        ops.storeRows(expected, ops.upload(Shape.of(places.length), places), rows);
    }

    /// `[B * T, E]`, of the type of activations.
    public Tensor rows() {
        return rows;
    }

    /// Gives the memory back.
    @Override
    public void close() {
        owner.close();
    }
}
