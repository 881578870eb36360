package org.panamask.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class MetricsFileTest {
    @TempDir
    private Path folder;

    @Test
    void eachStepIsALineThatIsThereAtOnce() throws IOException {
        try (MetricsFile file = MetricsFile.open(folder)) {
            file.step(Reports.step(1, 2, 1.5));
            assertThat(lines())
                    .containsExactly("{\"step\": 1, \"time\": 3.0, \"train/loss\": 1.5, \"train/ce_loss\": 0.75,"
                            + " \"train/accuracy\": 0.612, \"train/mask_ratio\": 0.5, \"train/learning_rate\": 4.9E-5,"
                            + " \"train/grad_norm\": 0.84, \"train/tokens_per_second\": 31400.0,"
                            + " \"train/native_bytes\": 4.101686784E10}");
        }
    }

    @Test
    void aSecondRunAppendsAndWhatIsNoNumberIsNull() throws IOException {
        MetricsFile.open(folder).finished(new RunSummary(0, true, Duration.ZERO));
        try (MetricsFile file = MetricsFile.open(folder)) {
            file.evaluated(new EvaluationReport(5, 2, 1, Double.NaN, Optional.empty(), 3, Duration.ofMillis(1234)));
        }
        try (MetricsFile file = MetricsFile.open(folder)) {
            file.step(Reports.step(6, 6, 1));
        }
        assertThat(lines())
                .hasSize(2)
                .first()
                .isEqualTo("{\"step\": 5, \"time\": 1.234, \"eval/loss\": 2.0, \"eval/ce_loss\": 1.0,"
                        + " \"eval/accuracy\": null}");
    }

    @Test
    void theLikelihoodIsWrittenWhereItWasMeasured() throws IOException {
        try (MetricsFile file = MetricsFile.open(folder)) {
            EvaluationReport.Nll nll = new EvaluationReport.Nll(3.5, 0.25);
            file.evaluated(new EvaluationReport(5, 2, 1, 0.5, Optional.of(nll), 3, Duration.ofSeconds(1)));
        }
        assertThat(lines())
                .containsExactly("{\"step\": 5, \"time\": 1.0, \"eval/loss\": 2.0, \"eval/ce_loss\": 1.0,"
                        + " \"eval/accuracy\": 0.5, \"eval/nll\": 3.5, \"eval/nll_standard_error\": 0.25}");
    }

    @Test
    void theLossScaleAndSkippedStepsAreWrittenWhereThereIsOne() throws IOException {
        try (MetricsFile file = MetricsFile.open(folder)) {
            LoggedSteps.of(1, file).step(Reports.scaled(3, 32_768, 1));
        }
        assertThat(lines())
                .singleElement()
                .asString()
                .contains("\"train/grad_norm\": null, \"train/loss_scale\": 32768.0, \"train/skipped_steps\": 1.0,");
    }

    @Test
    void loggedStepsAverageWhatLiesBetween() throws IOException {
        LoggedSteps logged = LoggedSteps.of(2, MetricsFile.open(folder));
        for (int step = 1; step <= 5; step++) {
            logged.step(Reports.step(step, 5, step));
        }
        logged.finished(new RunSummary(5, true, Duration.ZERO));
        JsonMapper mapper = new JsonMapper();
        assertThat(lines().stream().map(mapper::readTree).map(node -> node.get("step") + " " + node.get("train/loss")))
                .containsExactly("2 1.5", "4 3.5", "5 5.0");
    }

    @Test
    void theEnvironmentIsJson() throws IOException {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("cpu", "a \"fast\" one\n");
        EnvironmentFile.write(folder, facts);
        JsonNode node = new JsonMapper().readTree(Files.readString(folder.resolve("environment.json")));
        assertThat(node.get("cpu").asString()).isEqualTo("a \"fast\" one\n");
        assertThat(node.get("java").asString()).isEqualTo(Runtime.version().toString());
    }

    @Test
    void samplesOfAStepShareAFile() throws IOException {
        SampleFiles files = SampleFiles.in(folder);
        files.sampled(new SampleReport(200, "p", "[M]", "a"));
        files.sampled(new SampleReport(200, "q", "[M]", "b"));
        assertThat(folder.resolve("samples/000200.txt")).content().isEqualToNormalizingNewlines("""
                        prompt:    p
                        masked:    [M]
                        generated: a

                        prompt:    q
                        masked:    [M]
                        generated: b

                        """);
    }

    private List<String> lines() throws IOException {
        return Files.readAllLines(folder.resolve("metrics.jsonl"));
    }
}
