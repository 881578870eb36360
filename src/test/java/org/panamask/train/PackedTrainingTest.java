package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.data.Pack;
import org.panamask.data.Row;
import org.panamask.data.RowIds;
import org.panamask.data.SftRows;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.emulator.Emulator;
import org.panamask.model.Adapter;
import org.panamask.model.LlamaConfig;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.nn.LoraSettings;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Tensor;

/// Rows that share a row of the batch are trained as if each had its own.
class PackedTrainingTest {
    private static final int VOCABULARY = 40;
    private static final RowIds SPECIAL = new RowIds(1, 2, 3, 4, 5);
    private static final List<Row> ROWS =
            IntStream.range(0, 7).mapToObj(PackedTrainingTest::row).toList();

    private static Row row(int index) {
        Random random = new Random(index);
        int[] source = random.ints(2 + index % 3, 6, VOCABULARY).toArray();
        int[] target = random.ints(3 + index, 6, VOCABULARY).toArray();
        return SftRows.of(32, SPECIAL, false).row(source, target, index);
    }

    private static TokenRows batch(List<Pack> packs) {
        TrainingData data = new TrainingData(packs, List.of(), SPECIAL, List.of());
        return data.batch(IntStream.range(0, packs.size()).toArray());
    }

    private static final class Run implements AutoCloseable {
        private final Backend backend;
        private final Owner owner;
        private final Model model;
        private final Trainer trainer;

        Run(String name) {
            if (name.equals("cuda")) {
                Emulator.require();
            }
            backend = Backends.open(BackendSettings.defaults().with("name", name));
            owner = backend.owner("model");
            model = backend.run(
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
            // The first step moves B off zero, so that every adapter weight has a gradient.
            trainer.step(0, List.of(batch(Pack.single(ROWS))), 1e-2);
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

        double[] hidden(TokenRows rows) {
            return backend.run(
                    "forward",
                    Precision.F32,
                    ops -> ops.doubles(model.hidden(
                            ops,
                            Canvas.of(rows.batch(), rows.tokens(), rows.ids())
                                    .withPositions(rows.positions())
                                    .withMask(rows.visible()))));
        }

        @Override
        public void close() {
            trainer.close();
            owner.close();
            backend.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu", "cuda"})
    void lossAndGradientEqualThoseOfTheSameRowsUnpacked(String name) {
        List<Pack> packs = Pack.greedy(ROWS, 32);
        assertThat(packs).hasSizeLessThan(ROWS.size());
        try (Run alone = new Run(name);
                Run packed = new Run(name)) {
            StepResult expected = alone.trainer.accumulate(1, List.of(batch(Pack.single(ROWS))));
            StepResult got = packed.trainer.accumulate(1, List.of(batch(packs)));

            assertThat(got.loss()).isCloseTo(expected.loss(), within(1e-6 * expected.loss()));
            assertThat(got.maskRatio()).isEqualTo(expected.maskRatio());
            assertThat(got.accuracy()).isEqualTo(expected.accuracy());
            List<double[]> gradients = alone.gradients();
            for (int i = 0; i < gradients.size(); i++) {
                double most =
                        Arrays.stream(gradients.get(i)).map(Math::abs).max().orElseThrow();
                assertThat(most).isPositive();
                assertThat(packed.gradients().get(i))
                        .containsExactly(gradients.get(i), within(1e-6 * Math.max(1, most)));
            }
        }
    }

    @Test
    void packedRowsDoNotSeeEachOther() {
        try (Run run = new Run("reference")) {
            TokenRows before = batch(List.of(new Pack(ROWS.subList(0, 3))));
            Row other = Row.of(
                    Arrays.stream(ROWS.get(1).ids())
                            .map(id -> id == 39 ? 38 : id + 1)
                            .toArray(),
                    ROWS.get(1).sourceLength(),
                    ROWS.get(1).contentLength(),
                    1);
            TokenRows after = batch(List.of(new Pack(List.of(ROWS.get(0), other, ROWS.get(2)))));

            double[] first = run.hidden(before);
            double[] second = run.hidden(after);

            int width = first.length / before.tokens();
            int from = ROWS.get(0).length();
            int to = from + other.length();
            for (int column = 0; column < before.tokens(); column++) {
                double[] a = Arrays.copyOfRange(first, column * width, (column + 1) * width);
                double[] b = Arrays.copyOfRange(second, column * width, (column + 1) * width);
                if (column >= from && column < to) {
                    assertThat(b).isNotEqualTo(a);
                } else {
                    assertThat(b).isEqualTo(a);
                }
            }
        }
    }
}
