package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.data.RowIds;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.emulator.Emulator;
import org.panamask.model.Adapter;
import org.panamask.model.LlamaConfig;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.nn.LoraSettings;
import org.panamask.nn.Parameters;
import org.panamask.tensor.DType;
import org.panamask.tensor.Owner;

/// Training in halves: near training in f32, and safe where a half overflows.
@ParameterizedClass
@ValueSource(strings = {"reference", "cuda"})
class HalfPrecisionTrainingTest {
    private static final int VOCABULARY = 40;
    private static final int TOKENS = 24;
    private static final double RATE = 1e-2;

    private final String name;

    HalfPrecisionTrainingTest(String name) {
        this.name = name;
    }

    @BeforeEach
    void require() {
        if (name.equals("cuda")) {
            Emulator.require();
        }
    }

    private static final class Run implements AutoCloseable {
        private final Backend backend;
        private final Precision precision;
        private final Owner owner;
        private final Parameters trained;
        private final Trainer trainer;

        Run(String name, Precision precision, boolean recompute) {
            this.precision = precision;
            backend =
                    Backends.open(BackendSettings.defaults().with("name", name).with("dtype", precision));
            owner = backend.owner("model");
            LlamaConfig config = LlamaConfig.of(VOCABULARY, 32, 2, 4, TOKENS);
            Model model = backend.run("make", precision, ops -> Models.create(config, 7, ops, owner));
            LoraSettings lora = LoraSettings.defaults().with("rank", 4).with("dropout", 0.1);
            trained = backend.run("adapt", precision, ops -> Adapter.create(model, lora, 7, ops, owner))
                    .parameters();
            Objective objective = new Objective.DdmSft(true, 1e-3, 10, LossNormalization.REFERENCE);
            TrainSettings settings = TrainSettings.defaults().with("recompute", recompute);
            Learning learning = Learning.of(objective, new RowIds(1, 2, 3, 4, 5), 7);
            trainer = new Trainer(backend, precision, model, trained, new Trainer.Method(learning, settings));
        }

        StepResult step(int step) {
            return trainer.step(step, List.of(rows(2 * step), rows(2 * step + 1)), RATE);
        }

        LossScaler scaler() {
            return trainer.lossScaler().orElseThrow();
        }

        List<double[]> weights() {
            return backend.run(
                    "read",
                    precision,
                    ops -> trained.all().stream()
                            .map(weight -> ops.doubles(weight.value()))
                            .toList());
        }

        @Override
        public void close() {
            trainer.close();
            owner.close();
            backend.close();
        }
    }

    private static TokenRows rows(int number) {
        Random random = new Random(number);
        int[] ids = random.ints(4L * TOKENS, 6, VOCABULARY).toArray();
        boolean[] maskable = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            maskable[i] = i % TOKENS >= 4;
        }
        return TokenRows.of(4, TOKENS, ids, maskable);
    }

    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void halvesStayNearF32(Precision precision) {
        try (Run wide = new Run(name, Precision.F32, false);
                Run half = new Run(name, precision, false)) {
            assertThat(half.trained.all())
                    .allSatisfy(weight -> assertThat(weight.value().dtype()).isEqualTo(DType.F32));
            for (int step = 0; step < 3; step++) {
                StepResult expected = wide.step(step);
                StepResult got = half.step(step);
                assertThat(got.skipped()).isFalse();
                assertThat(got.loss()).isCloseTo(expected.loss(), within(2e-2 * expected.loss()));
                assertThat(got.gradNorm()).isCloseTo(expected.gradNorm(), within(5e-2 * expected.gradNorm()));
            }
            assertThat(half.trainer.updates()).isEqualTo(3);
        }
    }

    @Test
    void onlyF16ScalesTheLoss() {
        try (Run f16 = new Run(name, Precision.F16, false);
                Run bf16 = new Run(name, Precision.BF16, false)) {
            assertThat(f16.scaler().scale()).isEqualTo(65_536);
            assertThat(bf16.trainer.lossScaler()).isEqualTo(Optional.empty());
        }
    }

    @Test
    void aStepThatOverflowsIsSkippedAndHalvesTheScale() {
        try (Run run = new Run(name, Precision.F16, false);
                Run fresh = new Run(name, Precision.F16, false)) {
            run.scaler().restore(new LossScaler.State(0x1p40, 5, 0));
            List<double[]> before = run.weights();
            StepResult overflowed = run.step(0);

            assertThat(overflowed.skipped()).isTrue();
            assertThat(overflowed.loss()).isEqualTo(fresh.step(0).loss());
            assertThat(overflowed.gradNorm()).isNotFinite();
            assertThat(run.scaler().state()).isEqualTo(new LossScaler.State(0x1p39, 0, 1));
            assertThat(run.trainer.updates()).isZero();
            assertThat(run.weights()).usingRecursiveComparison().isEqualTo(before);
        }
    }

    @Test
    void aSkippedStepLeavesNothingBehind() {
        try (Run run = new Run(name, Precision.F16, false);
                Run fresh = new Run(name, Precision.F16, false)) {
            run.scaler().restore(new LossScaler.State(0x1p40, 0, 0));
            run.step(0);
            run.scaler().restore(new LossScaler.State(65_536, 0, 1));

            assertThat(run.step(1)).isEqualTo(fresh.step(1));
            assertThat(run.weights()).usingRecursiveComparison().isEqualTo(fresh.weights());
        }
    }

    @Test
    void recomputationGivesTheSameBits() {
        try (Run kept = new Run(name, Precision.F16, false);
                Run again = new Run(name, Precision.F16, true)) {
            for (int step = 0; step < 2; step++) {
                assertThat(again.step(step)).isEqualTo(kept.step(step));
            }
            assertThat(again.weights()).usingRecursiveComparison().isEqualTo(kept.weights());
        }
    }
}
