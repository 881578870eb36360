package org.panamask.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class BatchPlanTest {
    @Test
    void countsStepsAsTheReferenceDoes() {
        for (JsonNode example : DataFixtures.read("schedules.json").get("step_counts")) {
            int samples = example.get("examples").intValue();
            double epochs = example.get("epochs").doubleValue();
            BatchPlan ceil = plan(samples, example, StepRule.CEIL);
            BatchPlan floor = plan(samples, example, StepRule.FLOOR);
            assertThat(ceil.batchesPerEpoch())
                    .isEqualTo(example.get("batches_per_epoch").intValue());
            assertThat(ceil.totalSteps(epochs))
                    .isEqualTo(example.get("total_steps_ceil").longValue());
            assertThat(floor.totalSteps(epochs))
                    .isEqualTo(example.get("total_steps_floor").longValue());
        }
    }

    @Test
    void everyEpochReadsEveryRowOnceInAnOrderOfItsOwn() {
        BatchPlan plan = plan(23, 4, 2, StepRule.CEIL);
        assertThat(plan.stepsPerEpoch()).isEqualTo(3);
        int[] first = rows(plan, 0, 3);
        int[] second = rows(plan, 3, 6);
        assertThat(Arrays.stream(first).sorted())
                .containsExactlyElementsOf(IntStream.range(0, 23).boxed().toList());
        assertThat(Arrays.stream(second).sorted())
                .containsExactlyElementsOf(IntStream.range(0, 23).boxed().toList());
        assertThat(first).containsExactly(plan.order(0)).isNotEqualTo(second);
        assertThat(plan.window(2)).hasSize(2);
        assertThat(plan.window(2).get(1)).hasSize(3);
        assertThat(plan.epochsAfter(3)).isEqualTo(1.0);
    }

    @Test
    void anyStepCanBeAskedForWithoutTheOnesBefore() {
        BatchPlan plan = plan(100, 8, 4, StepRule.CEIL);
        List<int[]> once = plan.window(41);
        List<int[]> again = plan(100, 8, 4, StepRule.CEIL).window(41);
        assertThat(once).hasSameSizeAs(again);
        assertThat(once.getFirst()).containsExactly(again.getFirst());
        BatchPlan otherSeed = BatchPlan.of(100, new BatchPlan.Settings(8, 4, StepRule.CEIL, 43));
        assertThat(otherSeed.window(41).getFirst()).isNotEqualTo(once.getFirst());
    }

    @Test
    void theOrderOfASeedStaysTheSame() {
        assertThat(plan(8, 2, 1, StepRule.CEIL).order(0)).containsExactly(3, 4, 0, 5, 7, 2, 1, 6);
        assertThat(plan(8, 2, 1, StepRule.CEIL).order(1)).containsExactly(7, 1, 6, 5, 2, 4, 3, 0);
    }

    @Test
    void theFloorRuleCarriesLeftOverBatchesIntoTheNextEpoch() {
        BatchPlan plan = plan(10, 2, 2, StepRule.FLOOR);
        assertThat(plan.stepsPerEpoch()).isEqualTo(2);
        int[] fiveSteps = rows(plan, 0, 5);
        assertThat(Arrays.copyOf(fiveSteps, 10)).containsExactly(plan.order(0));
        assertThat(Arrays.copyOfRange(fiveSteps, 10, 20)).containsExactly(plan.order(1));
        Set<Integer> inOneWindow = new HashSet<>();
        plan.window(2).forEach(batch -> Arrays.stream(batch).forEach(inOneWindow::add));
        assertThat(inOneWindow).contains(plan.order(0)[9], plan.order(1)[0]);
        BatchPlan small = plan(7, 2, 8, StepRule.FLOOR);
        assertThat(small.window(1)).hasSize(4);
        assertThat(rows(small, 1, 2)).containsExactly(small.order(1));
    }

    @Test
    void refusesSizesThatMakeNoBatches() {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> plan(0, 1, 1, StepRule.CEIL))
                .withMessage("data: there must be at least one row to train on, but got 0");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> plan(1, 0, 1, StepRule.CEIL))
                .withMessage("train.micro_batch must be at least 1, not 0");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> plan(1, 1, 0, StepRule.CEIL))
                .withMessage("train.accumulate must be at least 1, not 0");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> plan(1, 1, 1, StepRule.CEIL).totalSteps(0))
                .withMessage("train.epochs must be positive, not 0.0");
    }

    private static int[] rows(BatchPlan plan, int from, int to) {
        return IntStream.range(from, to)
                .boxed()
                .flatMap(step -> plan.window(step).stream())
                .flatMapToInt(Arrays::stream)
                .toArray();
    }

    private static BatchPlan plan(int samples, JsonNode example, StepRule rule) {
        return plan(
                samples,
                example.get("batch").intValue(),
                example.get("accumulation").intValue(),
                rule);
    }

    private static BatchPlan plan(int samples, int microBatch, int accumulate, StepRule rule) {
        return BatchPlan.of(samples, new BatchPlan.Settings(microBatch, accumulate, rule, 42));
    }
}
