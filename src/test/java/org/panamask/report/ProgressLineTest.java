package org.panamask.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
    private static final String LINE =
            "step 120/1000  loss 1.8342  acc 61.2 %  |g| 0.84  lr 4.9e-05  31.4k tok/s  38.2/44.5 GiB  eta 00:44:00";

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private Instant now = Instant.EPOCH;
    private final InstantSource clock = () -> now;

    @Test
    void aStepIsOneLine() {
        ProgressLine line = started(ProgressLine.of(out, false, false, clock));
        line.step(Reports.step(120, 1000, 1.8342));
        assertThat(printed()).isEqualTo(LINE + "\n");
    }

    @Test
    void redirectedOutputGetsALineEveryTenSecondsAndTheLastStep() {
        ProgressLine line = started(ProgressLine.of(out, false, false, clock));
        for (int step = 1; step <= 25; step++) {
            line.step(Reports.step(step, 25, 1));
            now = now.plusSeconds(1);
        }
        assertThat(printed().lines().map(text -> text.split(" ")[1]))
                .containsExactly("1/25", "11/25", "21/25", "25/25");
    }

    @Test
    void tokenisationIsALineEveryTenSecondsAndAtItsEnd() {
        ProgressLine line = ProgressLine.of(out, false, false, clock);
        for (int done = 1; done <= 25; done++) {
            line.tokenized(done * 100L, 2500);
            now = now.plusSeconds(1);
        }
        assertThat(printed().lines())
                .containsExactly(
                        "tokenised 1100 of 2500 examples",
                        "tokenised 2100 of 2500 examples",
                        "tokenised 2500 of 2500 examples");
    }

    @Test
    void aTerminalLineIsRedrawnOverItsWholeWidth() {
        ProgressLine line = started(ProgressLine.of(out, true, false, clock));
        line.step(Reports.step(99, 1000, 10));
        now = now.plusSeconds(1);
        line.step(Reports.step(100, 1000, 1));
        line.finished(new RunSummary(100, false, Duration.ofSeconds(3661)));
        String[] drawn = printed().split("\r");
        assertThat(drawn).hasSize(3);
        assertThat(drawn[1]).startsWith("step 99/1000  loss 10.0000");
        assertThat(drawn[2].lines())
                .containsExactly(
                        "step 100/1000  loss 1.0000  acc 61.2 %  |g| 0.84  lr 4.9e-05  31.4k tok/s  38.2/44.5 GiB"
                                + "  eta 00:45:00",
                        "interrupted after 100 steps in 01:01:01");
        assertThat(drawn[1]).hasSameSizeAs(drawn[2].lines().findFirst().orElseThrow());
    }

    @Test
    void aLossOnATerminalIsBoldUnlessColourIsOff() {
        assertThat(ProgressLine.of(out, true, true, clock).text(Reports.step(1, 2, 1)))
                .contains("loss \u001b[1m1.0000\u001b[0m  acc");
        assertThat(ProgressLine.of(out, true, false, clock).text(Reports.step(1, 2, 1)))
                .doesNotContain("\u001b");
    }

    @Test
    void whatIsUnknownIsLeftOut() {
        StepReport report = new StepReport(
                1, 2, 1, 1, Double.NaN, 0, 0, 0, Optional.empty(), 812, 300L << 20, Duration.ofSeconds(1));
        assertThat(ProgressLine.of(out, false, false, clock).text(report))
                .isEqualTo("step 1/2  loss 1.0000  |g| 0.00  lr 0.0e+00  812 tok/s  300 MiB  eta 00:00:01");
    }

    @Test
    void theLossScaleStandsInTheLineWhereThereIsOne() {
        ProgressLine line = ProgressLine.of(out, false, false, clock);
        assertThat(line.text(Reports.scaled(3, 65_536, 0))).contains("lr 1.0e-03  scale 65536  812 tok/s");
        assertThat(line.text(Reports.scaled(3, 32_768, 1)))
                .contains("|g| Infinity  lr 1.0e-03  scale 32768, skipped 1  812 tok/s");
    }

    @Test
    void otherEventsHaveLinesOfTheirOwn() {
        ProgressLine line = ProgressLine.of(out, false, false, clock);
        line.evaluated(new EvaluationReport(10, 1.25, 0.5, 0.75, Optional.empty(), 40, Duration.ZERO));
        line.evaluated(new EvaluationReport(
                20, 1.25, 0.5, 0.75, Optional.of(new EvaluationReport.Nll(3.5, 0.0251)), 40, Duration.ZERO));
        line.sampled(new SampleReport(10, "what\nis it?", "[M][M]", "an answer"));
        line.saved(10, Path.of("out"));
        assertThat(printed()).isEqualTo("""
                        step 10  eval loss 1.2500  ce 0.5000  acc 75.0 %  (40 rows)
                        step 20  eval loss 1.2500  ce 0.5000  nll 3.5000 +- 0.0251  acc 75.0 %  (40 rows)
                        step 10  sample: what is it? -> an answer
                        step 10  saved to out
                        """);
    }

    private static ProgressLine started(ProgressLine line) {
        line.started(new RunPlan(0, 1000, (long) (44.5 * (1L << 30)), Path.of("out")));
        return line;
    }

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }
}
