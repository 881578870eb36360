package org.panamask.train;

import java.util.function.Function;
import org.panamask.backend.Backend;
import org.panamask.backend.Precision;
import org.panamask.diffusion.Passes;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;

/// Runs each forward pass of a sampler as a job of a backend, so that callers take turns between passes.
///
/// @param backend computes
/// @param precision the type of activations
public record BackendPasses(Backend backend, Precision precision) implements Passes {
    @Override
    public <T> T run(Function<Ops, T> pass) {
        return backend.run("denoising pass", precision, pass::apply);
    }

    @Override
    public Owner owner(String name) {
        return backend.owner(name);
    }
}
