package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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
import org.panamask.model.Models;
import org.panamask.nn.LoraSettings;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Tensor;

class TrainerTest {
    private static final int VOCABULARY = 40;
    private static final int TOKENS = 24;
    private static final RowIds SPECIAL = new RowIds(1, 2, 3, 4, 5);

    private static Backend open(String name) {
        return Backends.open(BackendSettings.defaults().with("name", name));
    }

    private static TokenRows rows(int... samples) {
        int[] ids = new int[samples.length * TOKENS];
        boolean[] maskable = new boolean[ids.length];
        for (int b = 0; b < samples.length; b++) {
            Random random = new Random(samples[b]);
            for (int i = 0; i < TOKENS; i++) {
                ids[b * TOKENS + i] = 6 + random.nextInt(VOCABULARY - 6);
                maskable[b * TOKENS + i] = i >= 4;
            }
        }
        return TokenRows.of(samples.length, TOKENS, ids, maskable)
                .withSamples(Arrays.stream(samples).asLongStream().toArray());
    }

    private static List<TokenRows> cut(int size) {
        return IntStream.range(0, 8 / size)
                .mapToObj(k -> rows(IntStream.range(k * size, (k + 1) * size).toArray()))
                .toList();
    }

    private static final class Run implements AutoCloseable {
        private final Backend backend;
        private final Owner owner;
        private final Trainer trainer;

        Run(String name) {
            backend = open(name);
            owner = backend.owner("model");
            Model model = backend.run(
                    "make",
                    Precision.F32,
                    ops -> Models.create(LlamaConfig.of(VOCABULARY, 32, 2, 4, 64), 7, ops, owner));
            LoraSettings lora = LoraSettings.defaults().with("rank", 4).with("dropout", 0.1);
            Adapter adapter = backend.run("adapt", Precision.F32, ops -> Adapter.create(model, lora, 7, ops, owner));
            Objective objective = new Objective.DdmSft(true, 1e-3, 1, LossNormalization.TOKEN_BOUND);
            trainer = new Trainer(
                    backend,
                    Precision.F32,
                    model,
                    adapter.parameters(),
                    new Trainer.Method(
                            Learning.of(objective, SPECIAL, 7),
                            TrainSettings.defaults().with("learning_rate", 1e-2)));
        }

        List<double[]> gradients() {
            return backend.run("read", Precision.F32, ops -> {
                List<double[]> values = new ArrayList<>();
                for (Tensor tensor : trainer.accumulators().tensors()) {
                    values.add(ops.doubles(tensor));
                }
                return values;
            });
        }

        @Override
        public void close() {
            trainer.close();
            owner.close();
            backend.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void theGradientDoesNotDependOnHowTheStepIsCut(String name) {
        try (Run whole = new Run(name);
                Run cut = new Run(name)) {
            whole.trainer.step(0, cut(8), 1e-2);
            cut.trainer.step(0, cut(8), 1e-2);
            whole.trainer.accumulate(1, cut(8));
            cut.trainer.accumulate(1, cut(2));

            List<double[]> expected = whole.gradients();
            List<double[]> got = cut.gradients();
            for (int i = 0; i < expected.size(); i++) {
                double most =
                        Arrays.stream(expected.get(i)).map(Math::abs).max().orElseThrow();
                assertThat(got.get(i)).containsExactly(expected.get(i), within(1e-6 * Math.max(1, most)));
            }
            assertThat(expected.stream().flatMapToDouble(Arrays::stream)).anyMatch(value -> Math.abs(value) > 1e-4);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void trainingTwiceGivesTheSameBits(String name) {
        List<StepResult> first = losses(name);

        assertThat(losses(name)).isEqualTo(first);
        assertThat(first.getFirst().loss()).isNotEqualTo(first.getLast().loss());
    }

    private static List<StepResult> losses(String name) {
        try (Run run = new Run(name)) {
            return IntStream.range(0, 4)
                    .mapToObj(step -> run.trainer.step(step, cut(4), 1e-2))
                    .toList();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void aWarmStepTakesNoNativeMemoryAndClosingGivesAllBack(String name) {
        Run run = new Run(name);
        try (run) {
            run.trainer.step(0, cut(4), 1e-2);
            run.trainer.step(0, cut(4), 1e-2);
            long before = run.backend.ledger().allocations();
            for (int step = 0; step < 3; step++) {
                run.trainer.step(0, cut(4), 1e-2);
            }
            assertThat(run.backend.ledger().allocations()).isEqualTo(before);
        }
        assertThat(run.backend.ledger().total()).isZero();
        assertThat(run.backend.ledger().owners()).isEmpty();
    }
}
