package org.panamask.backend.cuda;

import java.util.ArrayList;
import java.util.List;
import org.panamask.backend.Precision;
import org.panamask.data.RowIds;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.model.Adapter;
import org.panamask.nn.LoraSettings;
import org.panamask.tensor.Owner;
import org.panamask.train.Learning;
import org.panamask.train.StepResult;
import org.panamask.train.TrainSettings;
import org.panamask.train.Trainer;

/// Steps of training a low-rank branch of a model of one layer, each of one micro-batch: forward, loss, backward,
/// AdamW.
final class MicroStep implements AutoCloseable {
    private static final int TOKENS = 4;
    private static final double RATE = 3e-3;
    private static final TrainSettings TRAINING = TrainSettings.defaults();
    private static final LoraSettings LORA =
            LoraSettings.defaults().with("rank", 2).with("dropout", 0.1).with("targets", List.of("q_proj"));

    private final CudaBackend backend;
    private final OneLayer layer;

    /// Makes the model.
    MicroStep(CudaBackend backend) {
        this.backend = backend;
        this.layer = OneLayer.create(backend, TOKENS);
    }

    /// Makes the model and trains it for one step.
    static List<double[]> whole(CudaBackend backend) {
        try (MicroStep step = new MicroStep(backend)) {
            return step.train(1);
        }
    }

    private static TokenRows rows(int number) {
        int[] ids = new int[2 * TOKENS];
        boolean[] maskable = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 6 + (i + number) % 3;
            maskable[i] = i % TOKENS > 0;
        }
        return TokenRows.of(2, TOKENS, ids, maskable);
    }

    /// One training from its start, with a trainer of its own.
    final class Training implements AutoCloseable {
        private final Owner trained = backend.owner("branch");
        private final Adapter adapter;
        private final Trainer trainer;

        private Training() {
            try {
                adapter = backend.run(
                        "adapt", Precision.F32, ops -> Adapter.create(layer.model(), LORA, 7, ops, trained));
                Objective objective = new Objective.DdmSft(true, 1e-3, 10, LossNormalization.REFERENCE);
                Learning learning = Learning.of(objective, new RowIds(1, 2, 3, 4, 5), 7);
                Trainer.Method method = new Trainer.Method(learning, TRAINING);
                trainer = new Trainer(backend, Precision.F32, layer.model(), adapter.parameters(), method);
            } catch (RuntimeException | Error failure) {
                trained.close();
                throw failure;
            }
        }

        /// What step `step` says.
        double[] step(int step) {
            StepResult result = trainer.step(step, List.of(rows(step)), RATE);
            return new double[] {result.loss(), result.gradNorm()};
        }

        /// The trained weights.
        List<double[]> weights() {
            return backend.run(
                    "read",
                    Precision.F32,
                    ops -> adapter.parameters().all().stream()
                            .map(weight -> ops.doubles(weight.value()))
                            .toList());
        }

        @Override
        public void close() {
            try (trained;
                    trainer) {
                // The last one first, both even where one refuses.
            }
        }
    }

    /// A training that has taken no step yet.
    Training training() {
        return new Training();
    }

    /// What each of `steps` steps says, and then the trained weights.
    List<double[]> train(int steps) {
        List<double[]> results = new ArrayList<>();
        try (Training training = training()) {
            for (int step = 0; step < steps; step++) {
                results.add(training.step(step));
            }
            results.addAll(training.weights());
        }
        return results;
    }

    @Override
    public void close() {
        layer.close();
    }
}
