package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.HubFolder;
import org.panamask.data.RowIds;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.model.Adapter;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.model.Tiny;
import org.panamask.nn.LoraSettings;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Tensor;
import org.panamask.tensor.Weight;

/// Adapters of LLaDA and Dream in training.
final class DiffusionModelTrainingTest {
    private static final RowIds SPECIAL = new RowIds(152, 150, 150, 150, 156);

    private static final class Run implements AutoCloseable {
        private final Precision precision;
        private final Backend backend;
        private final Owner owner;
        private final Model model;
        private final Adapter adapter;
        private final Learning learning;
        private final Trainer trainer;

        Run(String name, Precision precision) {
            this.precision = precision;
            backend = Backends.open(BackendSettings.defaults().with("name", "reference"));
            owner = backend.owner("model");
            try (HubFolder hub = HubFolder.open(Tiny.samplerFolder(name))) {
                model = backend.run("load", precision, ops -> Models.load(hub, ops, owner, false));
            }
            LoraSettings lora = LoraSettings.defaults().with("rank", 2);
            adapter = backend.run("adapt", precision, ops -> Adapter.create(model, lora, 7, ops, owner));
            Alignment alignment = model.facts().alignment();
            learning = Learning.of(Objective.DdmSft.defaults().alignedAs(alignment), SPECIAL, 7);
            trainer = new Trainer(
                    backend,
                    precision,
                    model,
                    adapter.parameters(),
                    new Trainer.Method(learning, TrainSettings.defaults()));
        }

        double[] read(Tensor tensor) {
            return backend.run("read", precision, ops -> ops.doubles(tensor));
        }

        Map<String, double[]> values() {
            return model.parameters().byName().entrySet().stream()
                    .collect(Collectors.toMap(
                            Map.Entry::getKey, entry -> read(entry.getValue().value())));
        }

        double[] gradient(Weight weight) {
            return read(trainer.accumulators()
                    .tensors()
                    .get(trainer.accumulators().weights().indexOf(weight)));
        }

        /// The loss with element 3 of `weight` moved by `step`.
        double moved(Weight weight, double step) {
            double[] values = read(weight.value());
            double[] other = values.clone();
            other[3] += step;
            put(weight, other);
            double loss = trainer.evaluate(learning, 0, rows()).loss();
            put(weight, values);
            return loss;
        }

        private void put(Weight weight, double[] values) {
            backend.run("put", precision, ops -> {
                ops.copy(ops.upload(weight.shape(), values), weight.value());
                weight.changed();
                return true;
            });
        }

        @Override
        public void close() {
            trainer.close();
            owner.close();
            backend.close();
        }
    }

    private static List<TokenRows> rows() {
        int[] ids = IntStream.range(0, 24).map(n -> n * 31 % 150).toArray();
        boolean[] maskable = new boolean[24];
        IntStream.range(0, 24).filter(n -> n % 12 > 3).forEach(n -> maskable[n] = true);
        return List.of(TokenRows.of(2, 12, ids, maskable));
    }

    @ParameterizedTest
    @ValueSource(strings = {"llada-tiny", "illada-tiny", "dream-tiny"})
    void aFewStepsLowerTheLossAndLeaveTheModelAlone(String name) {
        try (Run run = new Run(name, Precision.F32)) {
            Map<String, double[]> before = run.values();
            double first = run.trainer.evaluate(run.learning, 0, rows()).loss();
            IntStream.range(0, 4).forEach(step -> run.trainer.step(0, rows(), 1e-2));
            double last = run.trainer.evaluate(run.learning, 0, rows()).loss();

            assertThat(last).isLessThan(0.9 * first);
            run.adapter
                    .parameters()
                    .all()
                    .forEach(weight -> assertThat(Arrays.stream(run.read(weight.value())))
                            .as(weight.name())
                            .anyMatch(value -> value != 0));
            run.values()
                    .forEach((weight, values) -> assertThat(values).as(weight).isEqualTo(before.get(weight)));
        }
    }

    @Test
    void theGradientOfEveryBranchIsTheSlopeOfTheLoss() {
        try (Run run = new Run("illada-tiny", Precision.F64)) {
            run.trainer.step(0, rows(), 1e-2);
            run.trainer.accumulate(0, rows());
            for (Weight weight : run.adapter.parameters().all()) {
                double step = 1e-5;
                double slope = (run.moved(weight, step) - run.moved(weight, -step)) / (2 * step);
                assertThat(run.gradient(weight)[3]).as(weight.name()).isCloseTo(slope, within(1e-7));
            }
        }
    }
}
