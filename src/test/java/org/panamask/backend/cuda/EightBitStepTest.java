package org.panamask.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Precision;
import org.panamask.backend.reference.ReferenceProvider;
import org.panamask.data.RowIds;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.emulator.Emulator;
import org.panamask.model.Adapter;
import org.panamask.model.LlamaConfig;
import org.panamask.model.Model;
import org.panamask.nn.InitialValues;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.TensorSource;
import org.panamask.nn.WeightLoader;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Owner;
import org.panamask.train.Learning;
import org.panamask.train.TrainSettings;
import org.panamask.train.Trainer;

/// Training low-rank branches beside matrices in FP8 on the GPU, as the CPU emulates it and as in BF16.
class EightBitStepTest {
    private static final int VOCABULARY = 24;
    private static final int TOKENS = 8;

    /// At three times this rate a hundred steps in F32 and in BF16 end 8 % apart, whatever FP8 does.
    private static final double RATE = 3e-3;

    private static Backend reference() {
        return new ReferenceProvider()
                .open(BackendSettings.defaults().with("name", "reference").with("dtype", Precision.FP8));
    }

    private static Model frozen(BackwardOps ops, Owner owner) {
        LlamaConfig config = LlamaConfig.of(VOCABULARY, 32, 1, 2, TOKENS);
        InitialValues values = new InitialValues(7);
        TensorSource source = (name, shape) ->
                shape.rank() == 1 ? InitialValues.constant(name, shape, 1) : values.normal(name, shape, 0.1);
        return config.model(new WeightLoader(config.weights(), source, ops, owner, false));
    }

    private static TokenRows rows(int number) {
        int[] ids = new int[2 * TOKENS];
        boolean[] maskable = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 6 + (i + number) % 3;
            maskable[i] = i % TOKENS >= 2;
        }
        return TokenRows.of(2, TOKENS, ids, maskable);
    }

    /// What some steps leave.
    ///
    /// @param losses of the steps
    /// @param weights of the branches after the last
    private record Trained(List<Double> losses, List<double[]> weights) {
        /// The mean of ten, because a step's loss hangs on what it hides.
        double mean(int from) {
            return losses.subList(from, from + 10).stream()
                    .mapToDouble(Double::doubleValue)
                    .average()
                    .orElseThrow();
        }
    }

    private static Trained train(Backend backend, Precision precision, int steps) {
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
                    losses.add(trainer.step(step, List.of(rows(step % 2)), RATE).loss());
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

    private static Trained onTheGpu(Precision precision, int steps) {
        try (Backend cuda = CudaBackend.open(BackendSettings.defaults().with("dtype", precision))) {
            return train(cuda, precision, steps);
        }
    }

    @Test
    void aWholeStepIsThatOfTheEmulationOnTheCpu() {
        Emulator.require();
        Trained expected;
        try (Backend reference = reference()) {
            expected = train(reference, Precision.FP8, 2);
        }
        Trained actual = onTheGpu(Precision.FP8, 2);
        assertThat(actual.losses().getFirst())
                .isCloseTo(
                        expected.losses().getFirst(),
                        within(1e-2 * expected.losses().getFirst()));
        assertThat(actual.losses().getLast())
                .isCloseTo(
                        expected.losses().getLast(),
                        within(2e-2 * expected.losses().getLast()));
        // AdamW's first steps are the signs of the gradients: nearly all of them are the same.
        int same = 0;
        int all = 0;
        for (int i = 0; i < expected.weights().size(); i++) {
            double[] wanted = expected.weights().get(i);
            for (int j = 0; j < wanted.length; j++) {
                all++;
                same += Math.abs(actual.weights().get(i)[j] - wanted[j]) < RATE / 2 ? 1 : 0;
            }
        }
        assertThat(same).isGreaterThan((int) (0.97 * all));
    }

    @Test
    void aHundredStepsEndNearThoseInSixteenBits() {
        Emulator.require();
        Trained sixteen = onTheGpu(Precision.BF16, 100);
        Trained eight = onTheGpu(Precision.FP8, 100);
        assertThat(eight.losses().getFirst()).isNotEqualTo(sixteen.losses().getFirst());
        double expected = sixteen.mean(90);
        assertThat(expected).isLessThan(0.6 * sixteen.mean(0));
        assertThat(eight.mean(90)).isCloseTo(expected, within(2e-2 * expected));
    }
}
