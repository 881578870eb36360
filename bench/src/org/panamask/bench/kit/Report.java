package org.panamask.bench.kit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// What came out so far, written anew after each step: `report.json` for programs, `report.md` and `ratios.svg` for
/// people.
final class Report {
    private final JsonMapper mapper = JsonMapper.builder().build();
    private final KitFolder kit;
    private final ObjectNode all;

    private Report(KitFolder kit, ObjectNode all) {
        this.kit = kit;
        this.all = all;
    }

    /// Goes on with what an earlier run left, if it was of the same kit and of sizes of the same kind.
    static Report open(KitFolder kit) {
        JsonMapper mapper = JsonMapper.builder().build();
        Path file = kit.results().resolve("report.json");
        if (Files.exists(file)
                && mapper.readTree(file) instanceof ObjectNode earlier
                && earlier.path("kit").asString("").equals(kit.version())
                && earlier.path("small").asBoolean() == kit.small()) {
            return new Report(kit, earlier);
        }
        ObjectNode fresh = mapper.createObjectNode();
        fresh.put("kit", kit.version()).put("small", kit.small());
        fresh.putObject("device");
        fresh.putObject("steps");
        return new Report(kit, fresh);
    }

    /// Runs `step` and writes down how it went.
    Outcome run(Step step) throws IOException, InterruptedException {
        Files.deleteIfExists(kit.log(step.name()));
        if (!step.name().equals(DeviceFacts.STEP)) {
            Files.deleteIfExists(kit.numbers(step.name()));
        }
        long start = System.nanoTime();
        Outcome outcome = outcome(step);
        ObjectNode one = ((ObjectNode) all.path("steps")).putObject(step.name());
        one.put("title", step.title())
                .put("verdict", outcome.verdict().name())
                .put("summary", outcome.summary())
                .put("seconds", Math.round((System.nanoTime() - start) / 1e8) / 10.0)
                .put("limit_seconds", step.limit().toSeconds());
        DeviceFacts.smi().ifPresent(said -> one.set("nvidia_smi_after", said));
        if (Files.exists(kit.numbers(step.name()))) {
            one.set("found", mapper.readTree(kit.numbers(step.name())));
        }
        write();
        return outcome;
    }

    /// What a broken step throws is its outcome: the others go on.
    private Outcome outcome(Step step) throws InterruptedException {
        try {
            return step.work().run(kit, step);
        } catch (IOException | RuntimeException | LinkageError failure) {
            return Outcome.of(false, String.valueOf(failure));
        }
    }

    private void write() throws IOException {
        all.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        DeviceFacts.read(kit).ifPresent(found -> all.set("device", found));
        mapper.writerWithDefaultPrettyPrinter().writeValue(kit.results().resolve("report.json"), all);
        Files.writeString(kit.results().resolve("report.md"), new ReportText(all).text());
        RatioChart chart = RatioChart.of(all);
        if (!chart.isEmpty()) {
            Files.writeString(kit.results().resolve("ratios.svg"), chart.svg());
        }
    }
}
