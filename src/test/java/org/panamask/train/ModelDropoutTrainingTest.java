package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.checkpoint.ModelConfig;
import org.panamask.data.RowIds;
import org.panamask.diffusion.LossNormalization;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.emulator.Emulator;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Tensor;

/// Training of models that drop embeddings, probabilities and results by their own settings.
final class ModelDropoutTrainingTest {
    private static final int TOKENS = 12;
    private static final String LLADA = """
            {"model_type": "llada", "d_model": 16, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "vocab_size": 40,
             "rope": true, "layer_norm_type": "rms", "block_type": "llama", "activation_type": "silu",
             "mlp_hidden_size": 24, "init_std": 0.2, "embedding_dropout": %1$s, "attention_dropout": %1$s,
             "residual_dropout": %1$s}\
            """;

    /// A model in training.
    private static final class Run implements AutoCloseable {
        private final Backend backend;
        private final Owner owner;
        private final Trainer trainer;
        private final Learning learning = Learning.of(
                new Objective.DdmSft(true, 1e-3, 1, LossNormalization.TOKEN_BOUND), new RowIds(1, 2, 3, 4, 5), 7);

        Run(String name, double share, boolean recompute) {
            if (name.equals("cuda")) {
                Emulator.require();
            }
            backend = Backends.open(BackendSettings.defaults().with("name", name));
            owner = backend.owner("model");
            ModelConfig config = ModelConfig.parse("config.json", LLADA.formatted(share));
            Model model = backend.run("make", Precision.F32, ops -> Models.create(config, 7, ops, owner));
            TrainSettings settings = TrainSettings.defaults().with("recompute", recompute);
            trainer = new Trainer(
                    backend, Precision.F32, model, model.parameters(), new Trainer.Method(learning, settings));
        }

        double[] gradients(List<TokenRows> window) {
            trainer.accumulate(0, window);
            return backend.run(
                    "read",
                    Precision.F32,
                    ops -> trainer.accumulators().tensors().stream()
                            .map((Tensor tensor) -> ops.doubles(tensor))
                            .flatMapToDouble(Arrays::stream)
                            .toArray());
        }

        StepResult validation() {
            return trainer.evaluate(learning, 0, window(4));
        }

        @Override
        public void close() {
            trainer.close();
            owner.close();
            backend.close();
        }
    }

    /// Eight rows in micro-batches of `size`.
    private static List<TokenRows> window(int size) {
        return IntStream.range(0, 8 / size)
                .mapToObj(batch ->
                        rows(IntStream.range(batch * size, (batch + 1) * size).toArray()))
                .toList();
    }

    private static TokenRows rows(int... samples) {
        int[] ids = new int[samples.length * TOKENS];
        boolean[] maskable = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 6 + (i % TOKENS * 7 + 11 * samples[i / TOKENS]) % 34;
            maskable[i] = i % TOKENS > 2;
        }
        return TokenRows.of(samples.length, TOKENS, ids, maskable)
                .withSamples(Arrays.stream(samples).asLongStream().toArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu", "cuda"})
    void recomputationDropsTheSame(String name) {
        try (Run kept = new Run(name, 0.3, false);
                Run again = new Run(name, 0.3, true);
                Run without = new Run(name, 0, false)) {
            double[] gradients = kept.gradients(window(4));

            assertThat(again.gradients(window(4))).isEqualTo(gradients);
            assertThat(without.gradients(window(4))).isNotEqualTo(gradients);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu", "cuda"})
    void theGradientDoesNotDependOnHowTheStepIsCut(String name) {
        try (Run whole = new Run(name, 0.3, false);
                Run cut = new Run(name, 0.3, false)) {
            assertThat(cut.gradients(window(2))).containsExactly(whole.gradients(window(8)), within(1e-6));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu", "cuda"})
    void validationDropsNothing(String name) {
        try (Run dropping = new Run(name, 0.3, false);
                Run keeping = new Run(name, 0, false)) {
            assertThat(dropping.validation()).isEqualTo(keeping.validation());
        }
    }
}
