package org.panamask.bench.device;

import java.util.Arrays;
import java.util.List;
import org.panamask.backend.Backend;
import org.panamask.backend.Precision;
import org.panamask.data.RowIds;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.model.Adapter;
import org.panamask.model.Model;
import org.panamask.nn.LoraSettings;
import org.panamask.tensor.Owner;
import org.panamask.train.Learning;
import org.panamask.train.StepResult;
import org.panamask.train.TrainSettings;
import org.panamask.train.Trainer;

/// Masked-diffusion fine-tuning of an adapter of rank 16 beside every linear map of the layers, on random rows.
///
/// @param model what is adapted
/// @param adapter what is trained
/// @param owner keeps the adapter
/// @param trainer runs steps
public record AdapterRun(Model model, Adapter adapter, Owner owner, Trainer trainer) implements AutoCloseable {
    /// Of the adapter.
    public static final int RANK = 16;

    private static final double RATE = 1e-3;
    private static final long SEED = 11;

    /// A new adapter on `model` and its trainer.
    public static AdapterRun start(
            Backend backend, Precision precision, Model model, double dropout, boolean recompute) {
        LoraSettings lora = LoraSettings.defaults().with("rank", RANK).with("dropout", dropout);
        RowIds special = new RowIds(0, 0, 0, 0, TokenIds.mask(model));
        Objective objective = new Objective.DdmSft(true, 1e-3, 1, LossNormalization.REFERENCE);
        TrainSettings settings = TrainSettings.defaults()
                .with("weight_decay", 0.01)
                .with("seed", SEED)
                .with("recompute", recompute);
        Owner owner = backend.owner("adapter");
        Adapter adapter = backend.run("adapter", precision, ops -> Adapter.create(model, lora, SEED, ops, owner));
        Trainer trainer = new Trainer(
                backend,
                precision,
                model,
                adapter.parameters(),
                new Trainer.Method(Learning.of(objective, special, SEED), settings));
        return new AdapterRun(model, adapter, owner, trainer);
    }

    /// Runs step `step` on rows of its own, the first quarter of each a prompt.
    public StepResult step(int step, int batch, int tokens) {
        boolean[] maskable = new boolean[batch * tokens];
        for (int n = 0; n < maskable.length; n++) {
            maskable[n] = n % tokens >= tokens / 4;
        }
        long[] samples = new long[batch];
        Arrays.setAll(samples, b -> (long) step * batch + b);
        TokenRows rows = TokenRows.of(batch, tokens, TokenIds.random(model, batch * tokens, step), maskable)
                .withSamples(samples);
        return trainer.step(step, List.of(rows), RATE);
    }

    @Override
    public void close() {
        trainer.close();
        adapter.detach();
        owner.close();
    }
}
