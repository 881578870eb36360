package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.diffusion.Alignment;
import org.panamask.diffusion.Canvas;
import org.panamask.diffusion.Noise;
import org.panamask.diffusion.NoisePurpose;
import org.panamask.model.Tiny;

/// Sampling in which open columns can be masked again, against the loop written out with every forward pass.
final class RemaskingTest {
    private static final int MASK = 95;
    private static final int VOCABULARY = 97;
    private static final DdmSettings SETTINGS =
            DdmSettings.defaults().with("steps", 7).with("remask", true).with("forbid_mask_token", false);
    private static Tiny tiny;

    @BeforeAll
    static void open() {
        tiny = Tiny.open("llama-tiny");
    }

    @AfterAll
    static void close() {
        tiny.close();
    }

    private static int[] row(int length, int start) {
        int[] row = new int[length];
        Arrays.setAll(row, i -> (start + 5 * i) % 90);
        return row;
    }

    /// The canvases that the model is shown, in order, and the result as the last.
    private static List<int[]> canvases(DdmSettings settings, int[] row, boolean[] given, Alignment alignment) {
        Noise noise = new Noise(settings.seed());
        int[] x = row.clone();
        for (int i = 0; i < x.length; i++) {
            x[i] = given[i] ? x[i] : MASK;
        }
        List<int[]> canvases = new ArrayList<>(List.of(x.clone()));
        for (int t = settings.steps() - 1; t >= 0; t--) {
            double[] logits = logits(x);
            double[] scores = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                scores[i] = 1000;
                if (!given[i]) {
                    x[i] = best(logits, alignment.source(i));
                    scores[i] = logits[alignment.source(i) * VOCABULARY + x[i]] - logSum(logits, alignment.source(i));
                }
            }
            if (t > 0) {
                hide(x, scores, given, t, settings, noise);
            }
            canvases.add(x.clone());
        }
        return canvases;
    }

    private static void hide(int[] x, double[] scores, boolean[] given, int t, DdmSettings settings, Noise noise) {
        int steps = settings.steps();
        double rate = settings.schedule() == DdmSettings.Schedule.LINEAR
                ? t / (double) steps
                : Math.cos((steps - t) / (double) steps * Math.PI / 2);
        int free = 0;
        for (int i = 0; i < x.length; i++) {
            free += given[i] ? 0 : 1;
            float u = noise.uniform(NoisePurpose.ORDER, 0, i, steps - 1 - t);
            scores[i] -= settings.stochastic() * rate * Math.log(-Math.log(u + 1e-8) + 1e-8);
        }
        double[] sorted = scores.clone();
        Arrays.sort(sorted);
        double cut = sorted[(int) ((float) free * (float) rate)];
        for (int i = 0; i < x.length; i++) {
            x[i] = scores[i] < cut ? MASK : x[i];
        }
    }

    private static double[] logits(int[] x) {
        return tiny.run(ops -> ops.doubles(ops.logits(
                tiny.model().hidden(ops, Canvas.of(1, x.length, x)),
                tiny.model().head())));
    }

    private static int best(double[] logits, int row) {
        int best = 0;
        for (int id = 1; id < VOCABULARY; id++) {
            best = logits[row * VOCABULARY + id] > logits[row * VOCABULARY + best] ? id : best;
        }
        return best;
    }

    private static double logSum(double[] logits, int row) {
        return Math.log(Arrays.stream(logits, row * VOCABULARY, (row + 1) * VOCABULARY)
                .map(Math::exp)
                .sum());
    }

    private static List<int[]> distinct(List<int[]> canvases) {
        List<int[]> distinct = new ArrayList<>();
        for (int[] canvas : canvases) {
            if (distinct.isEmpty() || !Arrays.equals(distinct.getLast(), canvas)) {
                distinct.add(canvas);
            }
        }
        return distinct;
    }

    private static SamplerResult sample(
            DdmSettings settings, Alignment alignment, SamplerInput input, SamplerListener listener) {
        return new DdmSampler(tiny.model(), tiny, DdmSampler.Rule.of(settings, MASK, alignment))
                .sample(input, listener);
    }

    @ParameterizedTest
    @CsvSource({
        "linear, 0, SHIFTED_IN_PLACE",
        "cosine, 0, SHIFTED_IN_PLACE",
        "linear, 0.5, SHIFTED_IN_PLACE",
        "cosine, 2, SHIFTED_IN_PLACE",
        "linear, 0.5, OWN"
    })
    void theCanvasesAreThoseOfTheLoopWrittenOut(String schedule, double stochastic, Alignment alignment) {
        DdmSettings settings = SETTINGS.with("schedule", schedule).with("stochastic", stochastic);
        for (int start = 0; start < 5; start++) {
            int[] row = row(16, start);
            boolean[] given = new boolean[16];
            given[3] = true;
            given[9 + start] = true;
            List<int[]> want = distinct(canvases(settings, row, given, alignment));

            List<int[]> seen = new ArrayList<>();
            SamplerInput input = SamplerInput.of(new int[][] {row}, new boolean[][] {given});
            SamplerResult result = sample(
                    settings, alignment, input, step -> seen.add(step.ids().getFirst()));

            assertThat(distinct(seen)).containsExactlyElementsOf(want);
            assertThat(result.ids().getFirst()).containsExactly(want.getLast());
            assertThat(result.forwards()).isLessThanOrEqualTo(settings.steps());
        }
    }

    @Test
    void openColumnsAreMaskedAgain() {
        DdmSettings settings = SETTINGS.with("stochastic", 2.0).with("steps", 10);
        SamplerInput input = SamplerInput.of(new int[][] {row(20, 1)}, new boolean[][] {new boolean[20]});
        List<int[]> seen = new ArrayList<>();
        sample(
                settings,
                Alignment.SHIFTED_IN_PLACE,
                input,
                step -> seen.add(step.ids().getFirst()));

        boolean closed = false;
        for (int k = 1; k < seen.size(); k++) {
            for (int i = 0; i < 20; i++) {
                closed |= seen.get(k - 1)[i] != MASK && seen.get(k)[i] == MASK;
            }
        }
        assertThat(closed).isTrue();
    }

    @Test
    void aRowDoesNotDependOnItsNeighbours() {
        DdmSettings settings = SETTINGS.with("stochastic", 0.5).with("choice", DdmSettings.Choice.SAMPLE);
        int[][] rows = {row(12, 1), row(17, 2), row(9, 3)};
        boolean[][] given = {new boolean[12], new boolean[17], new boolean[9]};
        SamplerResult together = sample(
                settings,
                Alignment.SHIFTED_IN_PLACE,
                SamplerInput.of(rows, given).withSamples(11, 22, 33),
                SamplerListener.NONE);
        SamplerResult alone = sample(
                settings,
                Alignment.SHIFTED_IN_PLACE,
                SamplerInput.of(new int[][] {rows[1]}, new boolean[][] {given[1]})
                        .withSamples(22),
                SamplerListener.NONE);

        assertThat(together.ids().get(1)).containsExactly(alone.ids().getFirst());
    }

    @Test
    void columnZeroIsFilledWhereItIsPredicted() {
        SamplerInput input = SamplerInput.of(new int[][] {row(8, 1)}, new boolean[][] {new boolean[8]});
        DdmSettings random = DdmSettings.defaults()
                .with("steps", 4)
                .with("order", DdmSettings.Order.RANDOM)
                .with("forbid_mask_token", false);
        int[] logitsOfMasks = new int[8];
        Arrays.fill(logitsOfMasks, MASK);
        int first = best(logits(logitsOfMasks), 0);

        assertThat(sample(random.with("steps", 1), Alignment.SHIFTED_IN_PLACE, input, SamplerListener.NONE)
                        .ids()
                        .getFirst())
                .startsWith(first, first);
        assertThat(sample(random, Alignment.SHIFTED, input, SamplerListener.NONE)
                        .ids()
                        .getFirst())
                .startsWith(1);
    }
}
