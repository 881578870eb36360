package org.panamask.bench.device;

import java.util.function.Consumer;
import java.util.function.Function;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Launching;
import org.panamask.backend.Precision;
import org.panamask.backend.cuda.CudaBackend;
import org.panamask.model.Llama;
import org.panamask.model.Model;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Shape;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// A backend in one number type, and what was put on it.
///
/// @param backend computes
/// @param precision the number type
/// @param owner keeps what is put there
public record OpenDevice(Backend backend, Precision precision, Owner owner) implements AutoCloseable {
    private static final RandomWeights WEIGHTS = new RandomWeights(0.02);
    /// So large that every layer of the toy counts in its logits.
    private static final RandomWeights TOY_WEIGHTS = new RandomWeights(0.15);

    static OpenDevice open(Precision precision) {
        return open(precision, Launching.GRAPHS);
    }

    /// The GPU, whose kernels are started as `launching` says.
    public static OpenDevice open(Precision precision, Launching launching) {
        return on(
                CudaBackend.open(BackendSettings.defaults()
                        .with("name", "cuda")
                        .with("dtype", precision)
                        .with("launch", launching)),
                precision);
    }

    /// Another backend, which it closes.
    public static OpenDevice on(Backend backend, Precision precision) {
        return new OpenDevice(backend, precision, backend.owner("bench"));
    }

    /// A random matrix or a vector of ones, which is not trained.
    Weight weight(String name, long... extents) {
        return run(ops -> ops.weight(owner, WEIGHTS.tensor(name, Shape.of(extents)), false));
    }

    /// Random numbers as activations.
    Tensor random(String name, long... extents) {
        return weight(name, extents).value();
    }

    /// A model with random weights, the same on every backend.
    public Model model(DeviceSize size) {
        RandomWeights weights = size == DeviceSize.TOY ? TOY_WEIGHTS : WEIGHTS;
        return run(
                ops -> Llama.of(size.config(), new WeightLoader(size.config().weights(), weights, ops, owner, false)));
    }

    /// Runs a job.
    public <T> T run(Function<BackwardOps, T> work) {
        return backend.run("bench", precision, work);
    }

    /// Times `work`: many runs in a job, which ends when the last has been computed.
    Timing time(Consumer<BackwardOps> work) {
        return Timing.of(runs -> run(ops -> {
            Tensor mark = ops.upload(Shape.of(1), new double[1]);
            for (int n = 0; n < runs; n++) {
                ops.scoped(() -> {
                    work.accept(ops);
                    return mark;
                });
            }
            // What is read is ready when everything enqueued before it is.
            return ops.doubles(mark);
        }));
    }

    @Override
    public void close() {
        owner.close();
        backend.close();
    }
}
