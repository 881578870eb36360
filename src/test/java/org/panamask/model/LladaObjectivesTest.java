package org.panamask.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.panamask.backend.Precision;
import org.panamask.data.RowIds;
import org.panamask.diffusion.DreamObjective;
import org.panamask.diffusion.LladaObjective;
import org.panamask.diffusion.MdlmObjective;
import org.panamask.diffusion.Objective;
import org.panamask.diffusion.TokenRows;
import org.panamask.nn.LoraSettings;
import org.panamask.train.Learning;
import org.panamask.train.TrainSettings;
import org.panamask.train.Trainer;

/// Low-rank training of the tiny LLaDA, iLLaDA and Dream by their own objectives.
final class LladaObjectivesTest {
    private static final RowIds SPECIAL = new RowIds(152, 150, 150, 150, 156);

    private static TokenRows rows() {
        int[] ids = new Random(3).ints(4 * 16, 0, 140).toArray();
        boolean[] maskable = new boolean[ids.length];
        for (int n = 0; n < ids.length; n++) {
            int column = n % 16;
            maskable[n] = column >= 5;
            ids[n] = column == 0 ? SPECIAL.bos() : column > 11 + n / 16 ? SPECIAL.eos() : ids[n];
        }
        return TokenRows.of(4, 16, ids, maskable).withFilling(SPECIAL.eos());
    }

    static Stream<Arguments> cases() {
        return Stream.of(
                Arguments.of("llada-tiny", LladaObjective.defaults()),
                Arguments.of("illada-tiny", MdlmObjective.defaults().with("scheduler", "cosine")),
                Arguments.of("dream-tiny", MdlmObjective.defaults().with("right_shift_logits", true)),
                Arguments.of("dream-tiny", DreamObjective.defaults().with("time_reweighting", "linear")),
                Arguments.of(
                        "dream-tiny",
                        DreamObjective.defaults()
                                .with("time_reweighting", "cart")
                                .with("token_reweighting", true)
                                .with("treat_eos_as_one", true)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aFewStepsLowerTheLossOfTheSameNoise(String folder, Objective objective) {
        try (Tiny tiny = Tiny.open(Tiny.samplerFolder(folder))) {
            LoraSettings lora = LoraSettings.defaults().with("rank", 4);
            Adapter adapter = tiny.job(ops -> Adapter.create(tiny.model(), lora, 7, ops, tiny.owner()));
            Learning learning = Learning.of(objective, SPECIAL, 5);
            Trainer.Method method = new Trainer.Method(learning, TrainSettings.defaults());
            try (Trainer trainer =
                    new Trainer(tiny.backend(), Precision.F32, tiny.model(), adapter.parameters(), method)) {
                List<TokenRows> window = List.of(rows());
                double before = trainer.evaluate(learning, 0, window).loss();
                double[] norms = IntStream.range(0, 8)
                        .mapToDouble(_ -> trainer.step(0, window, 1e-2).gradNorm())
                        .toArray();
                double after = trainer.evaluate(learning, 0, window).loss();

                assertThat(after).isPositive().isLessThan(0.9 * before);
                assertThat(Arrays.stream(norms)).allMatch(norm -> norm > 0 && Double.isFinite(norm));
            }
        }
    }
}
