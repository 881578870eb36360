package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import org.panamask.data.RowIds;
import org.panamask.diffusion.DreamObjective;
import org.panamask.diffusion.LladaObjective;
import org.panamask.diffusion.LossWindow;
import org.panamask.diffusion.MdlmObjective;
import org.panamask.diffusion.NoiseSource;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.model.LlamaConfig;
import org.panamask.model.Model;
import org.panamask.model.Models;
import org.panamask.tensor.Owner;
import org.panamask.tensor.Tensor;

class AnswerLearningTest {
    private static final int VOCABULARY = 40;
    private static final RowIds SPECIAL = new RowIds(1, 2, 3, 3, 5);

    /// Rows of prompts and answers of their own lengths, filled to the longest of them.
    private static TokenRows rows(int... samples) {
        int[][] texts = new int[samples.length][];
        int[] prompts = new int[samples.length];
        for (int b = 0; b < samples.length; b++) {
            Random random = new Random(samples[b]);
            prompts[b] = 1 + random.nextInt(4);
            texts[b] = random.ints(prompts[b] + 1 + random.nextInt(8), 6, VOCABULARY)
                    .toArray();
            texts[b][texts[b].length - 1] = SPECIAL.eos();
        }
        int columns = Arrays.stream(texts).mapToInt(text -> text.length).max().orElseThrow();
        int[] ids = new int[samples.length * columns];
        Arrays.fill(ids, SPECIAL.eos());
        boolean[] maskable = new boolean[ids.length];
        for (int b = 0; b < samples.length; b++) {
            System.arraycopy(texts[b], 0, ids, b * columns, texts[b].length);
            Arrays.fill(maskable, b * columns + prompts[b], (b + 1) * columns, true);
        }
        return TokenRows.of(samples.length, columns, ids, maskable)
                .withSamples(Arrays.stream(samples).asLongStream().toArray())
                .withFilling(SPECIAL.eos());
    }

    private static List<TokenRows> cut(int size) {
        return IntStream.range(0, 8 / size)
                .mapToObj(k -> rows(IntStream.range(k * size, (k + 1) * size).toArray()))
                .toList();
    }

    static Stream<Objective> bounds() {
        DreamObjective dream = DreamObjective.defaults().with("loss_normalization", "token_bound");
        return Stream.of(
                LladaObjective.defaults().with("loss_norm_type", "token_bound"),
                MdlmObjective.defaults()
                        .with("loss_norm_type", "token_bound")
                        .with("scheduler", "cosine")
                        .with("right_shift_logits", true),
                dream.with("time_reweighting", "cart").with("treat_eos_as_one", true),
                dream.with("time_reweighting", "linear").with("perbatch_cutoff", true),
                dream.with("time_reweighting", "none").with("resp_cutoff_ratio", 1));
    }

    @ParameterizedTest
    @MethodSource("bounds")
    void theGradientDoesNotDependOnHowTheStepIsCut(Objective objective) {
        List<double[]> whole = gradients(objective, cut(8));
        List<double[]> parts = gradients(objective, cut(2));
        for (int i = 0; i < whole.size(); i++) {
            double most = Arrays.stream(whole.get(i)).map(Math::abs).max().orElseThrow();
            assertThat(parts.get(i)).containsExactly(whole.get(i), within(2e-6 * Math.max(1, most)));
        }
        assertThat(whole.stream().flatMapToDouble(Arrays::stream)).anyMatch(value -> Math.abs(value) > 1e-4);
    }

    private static List<double[]> gradients(Objective objective, List<TokenRows> window) {
        try (Backend backend = Backends.open(BackendSettings.defaults().with("name", "reference"));
                Owner owner = backend.owner("model")) {
            Model model = backend.run(
                    "make",
                    Precision.F32,
                    ops -> Models.create(LlamaConfig.of(VOCABULARY, 32, 2, 4, 64), 7, ops, owner));
            Trainer.Method method = new Trainer.Method(Learning.of(objective, SPECIAL, 7), TrainSettings.defaults());
            try (Trainer trainer = new Trainer(backend, Precision.F32, model, model.parameters(), method)) {
                trainer.accumulate(3, window);
                return backend.run("read", Precision.F32, ops -> {
                    List<double[]> values = new ArrayList<>();
                    for (Tensor tensor : trainer.accumulators().tensors()) {
                        values.add(ops.doubles(tensor));
                    }
                    return values;
                });
            }
        }
    }

    static Stream<Objective> means() {
        return Stream.of("token", "sequence", "batch")
                .flatMap(type -> Stream.of(
                        LladaObjective.defaults().with("loss_norm_type", type),
                        MdlmObjective.defaults().with("loss_norm_type", type)));
    }

    /// As in Hugging Face's trainer: a last batch of few rows counts by its rows.
    @ParameterizedTest
    @MethodSource("means")
    void theMeanOverValidationBatchesIsWeightedByTheirRows(Objective objective) {
        Learning learning = Learning.of(objective, SPECIAL, 7);
        assertThat(learning.weight(8, 3, 20)).isEqualTo(1.2);
        assertThat(learning.weight(4, 3, 20)).isEqualTo(0.6);
    }

    @ParameterizedTest
    @MethodSource("bounds")
    void aBoundOverAllTokensNeedsNoWeightOfBatches(Objective objective) {
        assertThat(Learning.of(objective, SPECIAL, 7).weight(4, 3, 20)).isEqualTo(1);
    }

    /// `values` are the draws of lengths by their number; everything is masked.
    private static NoiseSource noise(float... values) {
        return (purpose, _, position, _) -> switch (purpose) {
            case LENGTH -> values[position];
            case TIME -> Math.nextDown(1f);
            default -> 0;
        };
    }

    private static TokenRows documents() {
        boolean[] maskable = new boolean[16];
        Arrays.fill(maskable, true);
        return TokenRows.of(2, 8, new int[16], maskable);
    }

    @Test
    void aStepOfDocumentsIsSometimesCutToARandomLength() {
        LladaObjective documents = LladaObjective.defaults().with("documents", true);
        List<TokenRows> window = List.of(documents(), documents());

        List<TokenRows> cut =
                Learning.of(documents, SPECIAL, noise(0.0099f, 0.5f), 0).window(window, 0);

        assertThat(cut).extracting(TokenRows::tokens).containsExactly(5, 5);
        assertThat(Learning.of(documents, SPECIAL, noise(0.0099f, 0), 0).window(window, 0))
                .extracting(TokenRows::tokens)
                .containsExactly(1, 1);
        assertThat(Learning.of(documents, SPECIAL, noise(0.0101f, 0.5f), 0).window(window, 0))
                .isEqualTo(window);
        assertThat(Learning.of(documents.with("documents", false), SPECIAL, noise(0, 0), 0)
                        .window(window, 0))
                .isEqualTo(window);
        assertThat(Learning.of(documents, SPECIAL, noise(0, 0), 0).validationWindow(window))
                .isEqualTo(window);
    }

    @Test
    void dreamCutsAnswersToTheLengthOfOneOfThem() {
        // Answers of 2, 4 and 1 tokens.
        TokenRows rows = TokenRows.of(
                        3, 6, new int[] {1, 6, 6, 3, 3, 3, 1, 6, 6, 6, 6, 3, 1, 6, 6, 6, 3, 3}, new boolean[] {
                            false, false, true, true, true, true, false, false, true, true, true, true, false, false,
                            false, false, true, true
                        })
                .withFilling(3);
        DreamObjective dream = DreamObjective.defaults().with("perbatch_cutoff", true);

        TokenRows cut = Learning.of(dream, SPECIAL, noise(0.2f), 0)
                .window(List.of(rows), 0)
                .getFirst();

        assertThat(cut.tokens()).isEqualTo(5);
        assertThat(cut.ids()).containsExactly(1, 6, 6, 3, 3, 1, 6, 6, 6, 3, 1, 6, 6, 6, 3);
    }

    @Test
    void dreamCutsTheEndOfRowsOff() {
        // Answers of 3 and 4 tokens: at most 2 columns go.
        TokenRows rows = TokenRows.of(2, 6, new int[] {1, 6, 6, 6, 3, 3, 1, 6, 6, 6, 6, 3}, new boolean[] {
                    false, false, true, true, true, true, false, false, true, true, true, true
                })
                .withFilling(3);
        DreamObjective dream = DreamObjective.defaults().with("resp_cutoff_ratio", 0.5);

        assertThat(columns(dream, rows, 0.49f, 0)).isEqualTo(5);
        assertThat(columns(dream, rows, 0.49f, 0.99f)).isEqualTo(4);
        assertThat(columns(dream, rows, 0.5f, 0)).isEqualTo(6);
    }

    private static int columns(DreamObjective dream, TokenRows rows, float... draws) {
        return Learning.of(dream, SPECIAL, noise(draws), 0)
                .window(List.of(rows), 0)
                .getFirst()
                .tokens();
    }

    @Test
    void shiftedDocumentsGetABeginToken() {
        MdlmObjective shifted = MdlmObjective.defaults().with("documents", true).with("right_shift_logits", true);
        Learning learning = Learning.of(shifted, SPECIAL, noise(), 0);

        TokenRows begun = learning.window(List.of(documents()), 0).getFirst();

        assertThat(begun.tokens()).isEqualTo(9);
        assertThat(begun.ids()[9]).isEqualTo(SPECIAL.bos());
        assertThat(learning.scorable(begun)).isEqualTo(16);
        assertThat(learning.task(begun, 0, new LossWindow(1, 16)).scored().rows())
                .startsWith(0, 1, 2)
                .hasSize(16);
        assertThat(learning.validationWindow(List.of(documents())).getFirst().tokens())
                .isEqualTo(9);
        assertThat(Learning.of(MdlmObjective.defaults(), SPECIAL, noise(), 0)
                        .window(List.of(documents()), 0)
                        .getFirst()
                        .tokens())
                .isEqualTo(8);
    }

    @Test
    void drawsOfLengthsDependOnTheStep() {
        LladaObjective always =
                LladaObjective.defaults().with("documents", true).with("random_length", 1);
        Learning learning = Learning.of(always, SPECIAL, 7);
        assertThat(IntStream.range(0, 20)
                        .map(step -> learning.window(List.of(documents()), step)
                                .getFirst()
                                .tokens())
                        .distinct()
                        .count())
                .isGreaterThan(4);
    }
}
