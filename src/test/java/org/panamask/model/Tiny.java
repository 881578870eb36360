package org.panamask.model;

import java.nio.file.Path;
import java.util.function.Function;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.HubFolder;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.Passes;
import org.panamask.emulator.Emulator;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Ops;
import org.panamask.tensor.Owner;

/// A tiny random model, on the reference backend unless another is named.
///
/// @param backend computes
/// @param precision of activations
/// @param owner of the weights
/// @param model the model
public record Tiny(Backend backend, Precision precision, Owner owner, Model model) implements Passes, AutoCloseable {
    private static final Path FIXTURES =
            Path.of(System.getProperty("panamask.fixtures", "src/test/resources/fixtures"));

    /// The folder of a tiny model.
    public static Path folder(String name) {
        return FIXTURES.resolve("ddm/models").resolve(name);
    }

    /// The folder of a tiny model of the family `samplers`.
    public static Path samplerFolder(String name) {
        return FIXTURES.resolve("samplers").resolve(name);
    }

    /// Loads the model called `name`, its weights frozen.
    public static Tiny open(String name) {
        return open(folder(name));
    }

    static Tiny open(Path folder) {
        return open("reference", folder);
    }

    static Tiny open(String backend, Path folder) {
        return made(backend, (ops, owner) -> {
            try (HubFolder hub = HubFolder.open(folder)) {
                return Models.load(hub, ops, owner, false);
            }
        });
    }

    /// Loads the model called `name` with rows added.
    static Tiny grown(String name, Growth growth) {
        return made((ops, owner) -> {
            try (HubFolder hub = HubFolder.open(folder(name))) {
                return Models.load(hub, growth, ops, owner, false);
            }
        });
    }

    static Tiny created(Architecture config, long seed) {
        return made((ops, owner) -> Models.create(config, seed, ops, owner));
    }

    static Tiny created(Architecture config, long seed, String backend) {
        return made(backend, (ops, owner) -> Models.create(config, seed, ops, owner));
    }

    /// Loads a folder onto the backend called `backend`, its weights frozen.
    public static Tiny open(Path folder, String backend) {
        return open(folder, BackendSettings.defaults().with("name", backend));
    }

    /// Loads a folder onto the backend of `settings`, its weights frozen.
    public static Tiny open(Path folder, BackendSettings settings) {
        return made(settings, (ops, owner) -> {
            try (HubFolder hub = HubFolder.open(folder)) {
                return Models.load(hub, ops, owner, false);
            }
        });
    }

    private interface Maker {
        Model make(BackwardOps ops, Owner owner);
    }

    private static Tiny made(Maker maker) {
        return made("reference", maker);
    }

    private static Tiny made(String name, Maker maker) {
        return made(BackendSettings.defaults().with("name", name), maker);
    }

    private static Tiny made(BackendSettings settings, Maker maker) {
        if (settings.name().equals("cuda")) {
            Emulator.require();
        }
        Backend backend = Backends.open(settings);
        try {
            Owner owner = backend.owner("weights");
            Model model = backend.run("load", settings.dtype(), ops -> maker.make(ops, owner));
            return new Tiny(backend, settings.dtype(), owner, model);
        } catch (RuntimeException failure) {
            backend.close();
            throw failure;
        }
    }

    <T> T job(Function<BackwardOps, T> work) {
        return backend.run("test", precision, work);
    }

    double[] logits(Canvas canvas) {
        return job(ops -> ops.doubles(ops.logits(model.hidden(ops, canvas), model.head())));
    }

    double[] hidden(Canvas canvas) {
        return job(ops -> ops.doubles(model.hidden(ops, canvas)));
    }

    @Override
    public <T> T run(Function<Ops, T> pass) {
        return backend.run("pass", precision, pass::apply);
    }

    @Override
    public Owner owner(String name) {
        return backend.owner(name);
    }

    @Override
    public void close() {
        backend.close();
    }
}
