package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendException;
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

    /// Starts the backend; where it refuses, the test that asks is skipped with the reason.
    private static Backend open(String name, Precision precision) {
        try {
            return Backends.open(BackendSettings.defaults().with("name", name).with("dtype", precision));
        } catch (BackendException refused) {
            Assumptions.abort(refused.getMessage());
            throw refused;
        }
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
        private final Precision precision;
        private final Backend backend;
        private final Owner owner;
        private final Trainer trainer;

        Run(String name, Precision precision) {
            this.precision = precision;
            backend = open(name, precision);
            owner = backend.owner("model");
            Model model = backend.run(
                    "make", precision, ops -> Models.create(LlamaConfig.of(VOCABULARY, 32, 2, 4, 64), 7, ops, owner));
            LoraSettings lora = LoraSettings.defaults().with("rank", 4).with("dropout", 0.1);
            Adapter adapter = backend.run("adapt", precision, ops -> Adapter.create(model, lora, 7, ops, owner));
            Objective objective = new Objective.DdmSft(true, 1e-3, 1, LossNormalization.TOKEN_BOUND);
            trainer = new Trainer(
                    backend,
                    precision,
                    model,
                    adapter.parameters(),
                    new Trainer.Method(
                            Learning.of(objective, SPECIAL, 7),
                            TrainSettings.defaults().with("learning_rate", 1e-2)));
        }

        List<double[]> gradients() {
            return backend.run("read", precision, ops -> {
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
    @CsvSource({"reference, F32", "cpu, F32", "cpu, BF16"})
    void theGradientDoesNotDependOnHowTheStepIsCut(String name, Precision precision) {
        try (Run whole = new Run(name, precision);
                Run cut = new Run(name, precision)) {
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

    private static Learning learning(int annealSteps) {
        return Learning.of(new Objective.DdmSft(true, 1e-3, annealSteps, LossNormalization.REFERENCE), SPECIAL, 3);
    }

    @Test
    void theValidationLossIsTheMeanOfItsBatchesByTheirRows() {
        List<TokenRows> five = List.of(rows(0, 1, 2, 3, 4));
        List<TokenRows> three = List.of(rows(5, 6, 7));
        try (Run run = new Run("reference", Precision.F32)) {
            double first = run.trainer.evaluate(learning(1), 0, five).loss();
            double second = run.trainer.evaluate(learning(1), 0, three).loss();
            StepResult both = run.trainer.evaluate(learning(1), 0, List.of(five.getFirst(), three.getFirst()));

            assertThat(both.loss()).isCloseTo((5 * first + 3 * second) / 8, within(1e-6));
            assertThat(run.trainer.evaluate(learning(1), 7, five).loss()).isEqualTo(first);
        }
    }

    @Test
    void validationSeesAsFarAsTraining() {
        try (Run run = new Run("reference", Precision.F32)) {
            double open = run.trainer.evaluate(learning(1), 0, cut(8)).loss();
            double early = run.trainer.evaluate(learning(10), 0, cut(8)).loss();

            assertThat(early).isNotEqualTo(open);
            assertThat(run.trainer.evaluate(learning(10), 9, cut(8)).loss()).isEqualTo(open);
        }
    }

    /// Before the first step: AdamW's steps do not get smaller with the gradient, so roundings grow in them.
    @Test
    void theGradientInBf16IsNearThatInF32() {
        try (Run exact = new Run("reference", Precision.F32);
                Run half = new Run("cpu", Precision.BF16)) {
            exact.trainer.accumulate(0, cut(4));
            half.trainer.accumulate(0, cut(4));

            List<double[]> expected = exact.gradients();
            List<double[]> got = half.gradients();
            for (int i = 0; i < expected.size(); i++) {
                assertThat(distance(got.get(i), expected.get(i)))
                        .as("gradient %d", i)
                        .isLessThan(3e-2);
            }
        }
    }

    /// The length of the difference, as a share of the length of `expected`, or the length where that has none.
    private static double distance(double[] values, double[] expected) {
        double difference = 0;
        double length = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow(values[i] - expected[i], 2);
            length += Math.pow(expected[i], 2);
        }
        return Math.sqrt(difference / (length == 0 ? 1 : length));
    }

    @ParameterizedTest
    @CsvSource({"reference, F32", "cpu, F32", "cpu, BF16"})
    void trainingTwiceGivesTheSameBits(String name, Precision precision) {
        List<StepResult> first = losses(name, precision);

        assertThat(losses(name, precision)).isEqualTo(first);
        assertThat(first.getFirst().loss()).isNotEqualTo(first.getLast().loss());
    }

    private static List<StepResult> losses(String name, Precision precision) {
        try (Run run = new Run(name, precision)) {
            return IntStream.range(0, 4)
                    .mapToObj(step -> run.trainer.step(step, cut(4), 1e-2))
                    .toList();
        }
    }

    @ParameterizedTest
    @CsvSource({"reference, F32", "cpu, F32", "cpu, BF16"})
    void aWarmStepTakesNoNativeMemoryAndClosingGivesAllBack(String name, Precision precision) {
        Run run = new Run(name, precision);
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
