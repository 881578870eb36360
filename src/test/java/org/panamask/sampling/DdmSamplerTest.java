package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.panamask.model.Tiny;

final class DdmSamplerTest {
    private static final int MASK = 95;
    private static final DdmSettings SETTINGS = DdmSettings.defaults().with("steps", 6);
    private static Tiny tiny;

    @BeforeAll
    static void open() {
        tiny = Tiny.open("llama-tiny");
    }

    @AfterAll
    static void close() {
        tiny.close();
    }

    /// A row of `length` columns of which the first three and the last are given.
    private static int[] row(int length, int start) {
        int[] row = new int[length];
        Arrays.setAll(row, i -> (start + 5 * i) % 90);
        return row;
    }

    private static SamplerInput input(int[]... rows) {
        boolean[][] given = new boolean[rows.length][];
        Arrays.setAll(given, b -> {
            boolean[] marks = new boolean[rows[b].length];
            Arrays.fill(marks, 0, 3, true);
            marks[marks.length - 1] = true;
            return marks;
        });
        return SamplerInput.of(rows, given);
    }

    private static SamplerResult sample(DdmSettings settings, SamplerInput input) {
        return sample(settings, input, SamplerListener.NONE);
    }

    private static SamplerResult sample(DdmSettings settings, SamplerInput input, SamplerListener listener) {
        return new DdmSampler(tiny.model(), tiny, DdmSampler.Rule.of(settings, MASK, true)).sample(input, listener);
    }

    @ParameterizedTest
    @EnumSource
    void aRowDoesNotDependOnItsNeighbours(DdmSettings.Order order) {
        DdmSettings settings = SETTINGS.with("order", order).with("choice", DdmSettings.Choice.SAMPLE);
        int[][] rows = {row(12, 1), row(17, 2), row(9, 3)};
        SamplerResult together = sample(settings, input(rows).withSamples(11, 22, 33));
        SamplerResult alone = sample(settings, input(rows[1]).withSamples(22));

        assertThat(together.ids().get(1)).containsExactly(alone.ids().getFirst());
    }

    @ParameterizedTest
    @EnumSource
    void givenColumnsStayAndOthersAreFilled(DdmSettings.Order order) {
        int[] row = row(14, 4);
        SamplerResult result = sample(SETTINGS.with("order", order), input(row));

        int[] ids = result.ids().getFirst();
        assertThat(Arrays.copyOf(ids, 3)).containsExactly(Arrays.copyOf(row, 3));
        assertThat(ids[13]).isEqualTo(row[13]);
        assertThat(ids).doesNotContain(MASK);
        assertThat(result.filled()).isEqualTo(10);
    }

    @ParameterizedTest
    @EnumSource
    void moreStepsThanColumnsCostNoMorePasses(DdmSettings.Order order) {
        SamplerResult result = sample(SETTINGS.with("steps", 64).with("order", order), input(row(9, 5)));

        assertThat(result.forwards()).isBetween(1, 5);
        assertThat(result.rowForwards()).isEqualTo(result.forwards());
    }

    @Test
    void oneStepIsOnePass() {
        assertThat(sample(SETTINGS.with("steps", 1), input(row(9, 5), row(9, 6))))
                .satisfies(result -> assertThat(result.forwards()).isEqualTo(1))
                .satisfies(result -> assertThat(result.rowForwards()).isEqualTo(2));
    }

    @Test
    void nothingToFillIsNoPass() {
        boolean[] given = new boolean[4];
        Arrays.fill(given, true);
        SamplerResult result = sample(SETTINGS, SamplerInput.of(new int[][] {row(4, 1)}, new boolean[][] {given}));

        assertThat(result.forwards()).isZero();
        assertThat(result.ids().getFirst()).containsExactly(row(4, 1));
    }

    @Test
    void theSeedDecidesWhatIsDrawn() {
        DdmSettings drawing = SETTINGS.with("choice", DdmSettings.Choice.SAMPLE);
        SamplerInput input = input(row(20, 7));

        assertThat(sample(drawing, input).ids().getFirst())
                .containsExactly(sample(drawing, input).ids().getFirst());
        assertThat(sample(drawing.with("seed", 1L), input).ids().getFirst())
                .isNotEqualTo(sample(drawing, input).ids().getFirst());
    }

    @Test
    void temperatureZeroTakesTheLikeliest() {
        SamplerInput input = input(row(12, 8));
        DdmSettings cold = SETTINGS.with("choice", DdmSettings.Choice.SAMPLE).with("temperature", 0.0);

        assertThat(sample(cold, input).ids().getFirst())
                .containsExactly(sample(SETTINGS, input).ids().getFirst());
    }

    @Test
    void theListenerSeesColumnsOpenAndNeverClose() {
        List<SamplerStep> steps = new ArrayList<>();
        SamplerResult result = sample(SETTINGS, input(row(15, 9)), steps::add);

        assertThat(steps.getFirst().step()).isZero();
        assertThat(steps.getFirst().ids().getFirst()).contains(MASK);
        assertThat(steps.getLast().ids().getFirst())
                .containsExactly(result.ids().getFirst());
        for (int k = 1; k < steps.size(); k++) {
            int[] before = steps.get(k - 1).ids().getFirst();
            int[] after = steps.get(k).ids().getFirst();
            double[] probabilities = steps.get(k).probabilities().getFirst();
            for (int i = 0; i < after.length; i++) {
                assertThat(before[i] == MASK || before[i] == after[i]).isTrue();
                assertThat(probabilities[i]).isBetween(0.0, 1.0);
                assertThat(probabilities[i] > 0).isEqualTo(after[i] != MASK);
            }
        }
    }

    @Test
    void rowsAndMarksMustFit() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SamplerInput.of(new int[][] {new int[3]}, new boolean[][] {new boolean[2]}))
                .withMessage("sampler input: row 0 needs as many ids as marks, but got 3 and 2");
    }
}
