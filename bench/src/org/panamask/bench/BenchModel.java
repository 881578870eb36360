package org.panamask.bench;

import java.nio.file.Path;
import java.util.function.Function;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.HubFolder;
import org.panamask.model.Llama;
import org.panamask.model.LlamaConfig;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.nn.InitialValues;
import org.panamask.nn.TensorSource;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Owner;

/// A model with frozen weights on a backend of its own.
///
/// @param backend computes, on every core
/// @param precision of weights and activations
/// @param owner keeps the weights
/// @param model the model
record BenchModel(Backend backend, Precision precision, Owner owner, Model model) implements AutoCloseable {
    private interface Maker {
        Model make(BackwardOps ops, Owner owner);
    }

    /// A model of `size` with random weights in f32.
    static BenchModel random(BenchSize size) {
        LlamaConfig config = size.config();
        InitialValues values = new InitialValues(7);
        TensorSource source = (name, shape) -> shape.rank() == 1
                ? InitialValues.constant(name, shape, 1)
                : values.uniform(name, shape, config.initializerRange() * Math.sqrt(3));
        return make(
                BackendSettings.defaults(),
                Precision.F32,
                (ops, owner) -> Llama.of(config, new WeightLoader(config.weights(), source, ops, owner, false)));
    }

    /// The model of a folder in Hugging Face layout, on a backend that notes where its time goes.
    static BenchModel load(Path folder, Precision precision) {
        return make(BackendSettings.defaults().with("profile", true), precision, (ops, owner) -> {
            try (HubFolder hub = HubFolder.open(folder)) {
                return Models.load(hub, ops, owner, false);
            }
        });
    }

    /// Refuses a precision that cannot run here.
    ///
    /// @throws org.panamask.backend.BackendException naming what is missing
    static void require(Precision precision) {
        try (Backend backend = Backends.open(BackendSettings.defaults())) {
            backend.require(precision);
        }
    }

    private static BenchModel make(BackendSettings settings, Precision precision, Maker maker) {
        Backend backend = Backends.open(settings);
        try {
            backend.require(precision);
            Owner owner = backend.owner("weights");
            return new BenchModel(
                    backend, precision, owner, backend.run("load", precision, ops -> maker.make(ops, owner)));
        } catch (RuntimeException | Error failure) {
            backend.close();
            throw failure;
        }
    }

    /// Runs `work` as one job.
    <T> T run(String job, Function<BackwardOps, T> work) {
        return backend.run(job, precision, work);
    }

    @Override
    public void close() {
        owner.close();
        backend.close();
    }
}
