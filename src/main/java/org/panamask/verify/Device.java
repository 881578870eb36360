package org.panamask.verify;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Function;
import org.panamask.backend.Backend;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.HubFolder;
import org.panamask.diffusion.Passes;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Weight;

/// Where cases run.
///
/// @param backend computes
/// @param precision of activations
record Device(Backend backend, Precision precision) {
    <T> T run(Function<BackwardOps, T> work) {
        return backend.run("verify", precision, work);
    }

    /// Loads the model of a case.
    Loaded load(Path folder, boolean trainable) {
        Owner owner = backend.owner("verify");
        try (HubFolder hub = HubFolder.open(folder)) {
            return new Loaded(this, owner, run(ops -> Models.load(hub, ops, owner, trainable)));
        } catch (RuntimeException failure) {
            owner.close();
            throw failure;
        }
    }

    /// A model and the owner of its weights.
    ///
    /// @param device where it is
    /// @param owner of its weights and of what is made beside them
    /// @param model the model
    record Loaded(Device device, Owner owner, Model model) implements AutoCloseable, Passes {
        @Override
        public <T> T run(Function<Ops, T> pass) {
            return device.run(pass::apply);
        }

        @Override
        public Owner owner(String name) {
            return device.backend().owner(name);
        }

        /// The numbers of `weight`, or of its gradient, laid out as files keep it.
        double[] filed(Weight weight, double[] values) {
            if (!model.config().transposed(weight.name())) {
                return values;
            }
            int columns = (int) weight.shape().extent(0);
            int rows = (int) weight.shape().extent(1);
            double[] turned = new double[values.length];
            Arrays.setAll(turned, n -> values[n % columns * rows + n / columns]);
            return turned;
        }

        @Override
        public void close() {
            owner.close();
        }
    }
}
