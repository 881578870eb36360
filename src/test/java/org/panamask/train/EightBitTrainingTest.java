package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
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

/// Low-rank branches beside frozen matrices that are multiplied in 8 bits, on the oracle.
class EightBitTrainingTest {
    private static final int VOCABULARY = 24;
    private static final int TOKENS = 12;
    private static final int STEPS = 100;
    private static final double RATE = 1e-2;

    private static Model frozen(BackwardOps ops, Owner owner) {
        LlamaConfig config = LlamaConfig.of(VOCABULARY, 32, 1, 2, TOKENS);
        InitialValues values = new InitialValues(7);
        TensorSource source = (name, shape) ->
                shape.rank() == 1 ? InitialValues.constant(name, shape, 1) : values.normal(name, shape, 0.1);
        return config.model(new WeightLoader(config.weights(), source, ops, owner, false));
    }

    private static TokenRows rows(int number) {
        int[] ids = new int[4 * TOKENS];
        boolean[] maskable = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 6 + (i + number) % 3;
            maskable[i] = i % TOKENS >= 2;
        }
        return TokenRows.of(4, TOKENS, ids, maskable);
    }

    private static double[] losses(Precision precision) {
        try (Backend backend = Backends.open(
                        BackendSettings.defaults().with("name", "reference").with("dtype", precision));
                Owner owner = backend.owner("model")) {
            Model model = backend.run("make", precision, ops -> frozen(ops, owner));
            LoraSettings lora = LoraSettings.defaults().with("rank", 4).with("targets", List.of("all"));
            Adapter adapter = backend.run("adapt", precision, ops -> Adapter.create(model, lora, 7, ops, owner));
            Objective objective = new Objective.DdmSft(true, 1e-3, 10, LossNormalization.REFERENCE);
            Learning learning = Learning.of(objective, new RowIds(1, 2, 3, 4, 5), 7);
            double[] losses = new double[STEPS];
            Trainer.Method method = new Trainer.Method(learning, TrainSettings.defaults());
            try (Trainer trainer = new Trainer(backend, precision, model, adapter.parameters(), method)) {
                for (int step = 0; step < STEPS; step++) {
                    losses[step] =
                            trainer.step(step, List.of(rows(step % 2)), RATE).loss();
                }
            }
            return losses;
        }
    }

    @Test
    void aHundredStepsEndNearThoseInSixteenBits() {
        double[] sixteen = losses(Precision.BF16);
        double[] eight = losses(Precision.FP8);
        assertThat(eight[0]).isNotEqualTo(sixteen[0]);
        double expected = mean(sixteen, STEPS - 10);
        assertThat(expected).isLessThan(0.5 * mean(sixteen, 0));
        assertThat(mean(eight, STEPS - 10)).isCloseTo(expected, within(2e-2 * expected));
    }

    /// The mean of ten, because a step's loss hangs on what it hides.
    private static double mean(double[] losses, int from) {
        double sum = 0;
        for (int step = from; step < from + 10; step++) {
            sum += losses[step] / 10;
        }
        return sum;
    }
}
