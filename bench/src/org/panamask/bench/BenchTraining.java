package org.panamask.bench;

import org.panamask.data.RowIds;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.model.Adapter;
import org.panamask.nn.LoraSettings;
import org.panamask.tensor.Owner;
import org.panamask.train.Learning;
import org.panamask.train.TrainSettings;
import org.panamask.train.Trainer;

/// A ddm-sft run on an adapter of rank 16 beside every linear map of the layers.
///
/// @param owner keeps the adapter
/// @param adapter what is trained
/// @param learning puts noise into rows and says what is scored
/// @param trainer runs steps
record BenchTraining(Owner owner, Adapter adapter, Learning learning, Trainer trainer) implements AutoCloseable {
    static final double DROPOUT = 0.1;
    static final double RATE = 5e-5;
    static final double EPSILON = 1e-3;
    static final long SEED = 11;

    private static final double WEIGHT_DECAY = 0.01;

    /// A new adapter on `loaded` and its trainer.
    static BenchTraining start(BenchModel loaded, double dropout) {
        LoraSettings lora = LoraSettings.defaults().with("rank", 16).with("dropout", dropout);
        Owner owner = loaded.backend().owner("adapter");
        Adapter adapter = loaded.run("adapter", ops -> Adapter.create(loaded.model(), lora, SEED, ops, owner));
        RowIds special = new BenchRows(loaded.model().vocabularySize()).special();
        Objective objective = new Objective.DdmSft(true, EPSILON, 1, LossNormalization.REFERENCE);
        Learning learning = Learning.of(objective, special, SEED);
        Trainer trainer = new Trainer(
                loaded.backend(),
                loaded.precision(),
                loaded.model(),
                adapter.parameters(),
                new Trainer.Method(
                        learning,
                        TrainSettings.defaults()
                                .with("weight_decay", WEIGHT_DECAY)
                                .with("seed", SEED)));
        return new BenchTraining(owner, adapter, learning, trainer);
    }

    @Override
    public void close() {
        trainer.close();
        adapter.detach();
        owner.close();
    }
}
