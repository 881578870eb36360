package org.panamask.diffusion;

import java.util.function.Function;
import org.panamask.tensor.Ops;

/// Where the forward passes of samplers run. Over a backend each pass is a job of its own, so that several callers
/// take turns; see [#within] for the alternative.
public interface Passes {
    /// Runs one pass. Nothing but host values may leave it.
    <T> T run(Function<Ops, T> pass);

    /// All passes inside the job that `ops` belongs to, each in a scope of its own.
    static Passes within(Ops ops) {
        return new WithinJob(ops);
    }

    /// Runs passes in one job.
    ///
    /// @param ops of the job
    record WithinJob(Ops ops) implements Passes {
        @Override
        public <T> T run(Function<Ops, T> pass) {
            return ops.scoped(() -> pass.apply(ops));
        }
    }
}
