package org.panamask.bench.kit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// How the kit goes from step to step and what it writes down; its steps themselves need the packed kit and a device.
class KitTest {
    private final JsonMapper mapper = JsonMapper.builder().build();

    @TempDir
    private Path top;

    private KitFolder kit;

    @BeforeEach
    void unpack() throws IOException {
        Files.writeString(top.resolve("version"), "0123abcd\nwith changes\n");
        kit = new KitFolder(top, top.resolve("results"), true, "python3");
        Files.createDirectories(kit.results().resolve("steps"));
    }

    private static Step step(String name, Step.Work work) {
        return Step.of(name, "What " + name + " does", 1, work);
    }

    private JsonNode json() {
        return mapper.readTree(kit.results().resolve("report.json"));
    }

    private String markdown() throws IOException {
        return Files.readString(kit.results().resolve("report.md"));
    }

    @Test
    void aStepThatBreaksDoesNotStopTheOthers() throws Exception {
        Report report = Report.open(kit);

        report.run(step("doctor", (_, _) -> {
            throw new IllegalStateException("no | library");
        }));
        report.run(step("products", (_, _) -> Outcome.of(true, "everything is there")));

        assertThat(json().path("steps").path("doctor").path("verdict").asString())
                .isEqualTo("FAILED");
        assertThat(markdown())
                .contains(
                        "| doctor: What doctor does | failed | 0.0 | java.lang.IllegalStateException: no \\| library |")
                .contains("| products: What products does | passed | 0.0 | everything is there |")
                .contains("| Panamask | 0123abcd with changes, toy sizes |");
    }

    @Test
    void aProcessEndsAtItsLimitWithAllThatItStarted() throws Exception {
        Path log = kit.log("doctor");

        Child child = Child.run(List.of("bash", "-c", "echo begun; sleep 600 & wait"), log, Duration.ofMillis(500));

        assertThat(child.ended()).isTrue();
        assertThat(child.lastLine()).isEqualTo("begun");
    }

    @Test
    void whatAnEarlierRunDidIsKeptForOtherSteps() throws Exception {
        Report.open(kit).run(step("doctor", (_, _) -> Outcome.of(true, "runs")));

        Report.open(kit).run(step("cudnn", (_, _) -> Outcome.skipped("not here")));

        assertThat(json().path("steps").propertyNames()).containsExactly("doctor", "cudnn");
        KitFolder real = new KitFolder(top, kit.results(), false, "python3");
        Report.open(real).run(step("cudnn", (_, _) -> Outcome.skipped("not here")));
        assertThat(json().path("steps").propertyNames()).containsExactly("cudnn");
    }

    @Test
    void benchesAreTabledAndDrawnBesideTheirPeer() throws Exception {
        Report.open(kit).run(step("bench-gemm", (folder, step) -> {
            Map<String, Object> slower = Map.of(
                    "bench", "gemm", "case", "bf16 <a>", "ms", 2.0, "rate", 10.0, "unit", "TFLOP/s", "ratio", 0.5);
            Map<String, Object> broken = Map.of("bench", "gemm", "case", "fp8 b", "failed", "no algorithm");
            Object found = Map.of("rows", List.of(slower, broken), "peer", Map.of("torch", "2.11"));
            mapper.writeValue(folder.numbers(step.name()), found);
            return Outcome.of(false, "one case failed");
        }));

        assertThat(markdown())
                .contains("Peer: PyTorch 2.11.")
                .contains("| bf16 <a> | 2.000 | 10.00 TFLOP/s | 0.50 |")
                .contains("| fp8 b |  | failed: no algorithm |  |");
        assertThat(Files.readString(kit.results().resolve("ratios.svg")))
                .contains(">gemm bf16 &lt;a&gt;</text>")
                .contains(">0.50</text>")
                .doesNotContain("fp8");
    }

    @Test
    void everyStepHasANameOfItsOwn() {
        assertThat(KitSteps.all())
                .extracting(Step::name)
                .doesNotHaveDuplicates()
                .startsWith("device", "doctor");
    }
}
