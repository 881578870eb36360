package org.panamask.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.train.TrainSettings.Scheduler;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ScheduleTest {
    private static final Path FIXTURES =
            Path.of(System.getProperty("panamask.fixtures", "src/test/resources/fixtures"));

    @Test
    void cosineRatesAreThoseOfTheReferenceAndRiseAgainBehindTheEnd() {
        JsonNode file = JsonMapper.shared()
                .readTree(FIXTURES.resolve("ddm/data/schedules.json").toFile());
        for (JsonNode run : file.get("cosine")) {
            Schedule schedule = new Schedule(
                    Scheduler.COSINE,
                    run.get("learning_rate").asDouble(),
                    run.get("warmup_steps").asLong(),
                    run.get("total_steps").asLong());
            for (JsonNode point : run.get("lr_used_by_step")) {
                double expected = point.get(1).asDouble();
                assertThat(schedule.at(point.get(0).asLong())).isCloseTo(expected, within(1e-18 + 1e-9 * expected));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "LINEAR, 0 0.5 1 0.75 0.5 0.25 0 0",
        "CONSTANT, 1 1 1 1 1 1 1 1",
        "CONSTANT_WITH_WARMUP, 0 0.5 1 1 1 1 1 1"
    })
    void theOthersWarmUpAndFallAsTheyAreCalled(Scheduler scheduler, String factors) {
        Schedule schedule = new Schedule(scheduler, 1, 2, 6);
        assertThat(LongStream.range(0, 8).mapToObj(step -> trimmed(schedule.at(step))))
                .containsExactly(factors.split(" "));
    }

    private static String trimmed(double rate) {
        return rate == (long) rate ? Long.toString((long) rate) : Double.toString(rate);
    }

    @Test
    void warmupStepsWinOverTheRatioWhichIsRoundedUp() {
        TrainSettings settings = TrainSettings.defaults().with("warmup_ratio", 0.1);
        assertThat(Schedule.of(settings, 101).warmupSteps()).isEqualTo(11);
        assertThat(Schedule.of(settings.with("warmup_steps", 3), 101).warmupSteps())
                .isEqualTo(3);
    }
}
