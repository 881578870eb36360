package org.panamask.backend.cuda;

import org.panamask.backend.Precision;
import org.panamask.model.LlamaConfig;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.tensor.Owner;

/// A model of one layer with random weights, small enough to be made anew for each call that fails.
///
/// @param owner has the weights
/// @param model the model
record OneLayer(Owner owner, Model model) implements AutoCloseable {
    static final int VOCABULARY = 16;
    private static final int WIDTH = 16;

    /// A model on `backend` for texts of `tokens` tokens.
    static OneLayer create(CudaBackend backend, int tokens) {
        Owner owner = backend.owner("model");
        try {
            LlamaConfig config = LlamaConfig.of(VOCABULARY, WIDTH, 1, 1, tokens);
            return new OneLayer(owner, backend.run("make", Precision.F32, ops -> Models.create(config, 7, ops, owner)));
        } catch (RuntimeException failure) {
            owner.close();
            throw failure;
        }
    }

    @Override
    public void close() {
        owner.close();
    }
}
