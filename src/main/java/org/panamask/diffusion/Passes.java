package org.panamask.diffusion;

import java.util.function.Function;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;

/// Where the forward passes of samplers run. Over a backend each pass is a job of its own, so that several callers
/// take turns; see [#within] for the alternative.
public interface Passes {
    /// Runs one pass. Nothing but host values may leave it.
    <T> T run(Function<Ops, T> pass);

    /// A new owner of what passes keep for those after them.
    Owner owner(String name);

    /// All passes inside the job that `ops` belongs to, each in a scope of its own; `owners` makes owners by name.
    static Passes within(Ops ops, Function<String, Owner> owners) {
        return new WithinJob(ops, owners);
    }

    /// Runs passes in one job.
    ///
    /// @param ops of the job
    /// @param owners makes owners by name
    record WithinJob(Ops ops, Function<String, Owner> owners) implements Passes {
        @Override
        public <T> T run(Function<Ops, T> pass) {
            return ops.scoped(() -> pass.apply(ops));
        }

        @Override
        public Owner owner(String name) {
            return owners.apply(name);
        }
    }
}
