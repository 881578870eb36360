package org.panamask.train;

import java.util.ArrayList;
import java.util.List;
import org.panamask.backend.Backend;
import org.panamask.backend.Precision;
import org.panamask.data.RowIds;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.model.Adapter;
import org.panamask.model.LlamaConfig;
import org.panamask.model.Model;
import org.panamask.nn.InitialValues;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.TensorSource;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Owner;

/// Low-rank branches of a small frozen model that learn two batches in turn.
///
/// @param batch rows of a step
/// @param tokens of a row
/// @param rate of learning
public record BranchTraining(int batch, int tokens, double rate) {
    private static final int VOCABULARY = 24;

    /// What some steps leave.
    ///
    /// @param losses of the steps
    /// @param weights of the branches after the last
    public record Trained(List<Double> losses, List<double[]> weights) {
        /// The mean of ten from step `from` on, because a step's loss hangs on what it hides.
        public double mean(int from) {
            return losses.subList(from, from + 10).stream()
                    .mapToDouble(Double::doubleValue)
                    .average()
                    .orElseThrow();
        }
    }

    /// Trains for `steps` steps.
    public Trained train(Backend backend, Precision precision, int steps) {
        try (Owner owner = backend.owner("model")) {
            Model model = backend.run("make", precision, ops -> frozen(ops, owner));
            LoraSettings lora = LoraSettings.defaults().with("rank", 4).with("targets", List.of("all"));
            Adapter adapter = backend.run("adapt", precision, ops -> Adapter.create(model, lora, 7, ops, owner));
            Objective objective = new Objective.DdmSft(true, 1e-3, 10, LossNormalization.REFERENCE);
            Learning learning = Learning.of(objective, new RowIds(1, 2, 3, 4, 5), 7);
            List<Double> losses = new ArrayList<>();
            Trainer.Method method = new Trainer.Method(learning, TrainSettings.defaults());
            try (Trainer trainer = new Trainer(backend, precision, model, adapter.parameters(), method)) {
                for (int step = 0; step < steps; step++) {
                    losses.add(trainer.step(step, List.of(rows(step % 2)), rate).loss());
                }
            }
            List<double[]> weights = backend.run(
                    "read",
                    precision,
                    ops -> adapter.parameters().all().stream()
                            .map(weight -> ops.doubles(weight.value()))
                            .toList());
            return new Trained(losses, weights);
        }
    }

    private Model frozen(BackwardOps ops, Owner owner) {
        LlamaConfig config = LlamaConfig.of(VOCABULARY, 32, 1, 2, tokens);
        InitialValues values = new InitialValues(7);
        TensorSource source = (name, shape) ->
                shape.rank() == 1 ? InitialValues.constant(name, shape, 1) : values.normal(name, shape, 0.1);
        return config.model(new WeightLoader(config.weights(), source, ops, owner, false));
    }

    private TokenRows rows(int number) {
        int[] ids = new int[batch * tokens];
        boolean[] maskable = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 6 + (i + number) % 3;
            maskable[i] = i % tokens >= 2;
        }
        return TokenRows.of(batch, tokens, ids, maskable);
    }
}
