package org.panamask.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.panamask.backend.Precision;
import org.panamask.backend.Profile;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What was compared, as JSON and as a table.
final class CompareReport {
    private final JsonMapper mapper = JsonMapper.builder().build();
    private final ObjectNode machine = mapper.createObjectNode();
    private final ArrayNode results = mapper.createArrayNode();
    private final StringBuilder profiles = new StringBuilder();

    /// Notes where ours and the peer ran.
    void machine(ObjectNode ours, JsonNode peer) {
        ours.properties().forEach(fact -> machine.set(fact.getKey(), fact.getValue()));
        machine.set("peer", peer);
    }

    /// Notes one comparison; `turns` is empty where the numbers differ.
    void result(WorkKind kind, Precision precision, List<Agreement> agreements, List<Turn> turns) {
        ObjectNode result = results.addObject()
                .put("work", Compare.name(kind))
                .put("dtype", Compare.name(precision))
                .put("same_numbers", agreements.stream().allMatch(Agreement::holds));
        ObjectNode deviations = result.putObject("deviations");
        for (Agreement agreement : agreements) {
            deviations
                    .putObject(agreement.what())
                    .put("deviation", agreement.deviation())
                    .put("tolerance", agreement.tolerance());
        }
        if (!turns.isEmpty()) {
            result.set("ours_ms", summary(turns, Turn::oursMillis, 10));
            result.set("peer_ms", summary(turns, Turn::peerMillis, 10));
            result.set("peer_over_ours", summary(turns, Turn::ratio, 1000));
        }
    }

    /// Notes where our time went in what was timed last.
    void profile(Profile profile) {
        ArrayNode jobs = ((ObjectNode) results.path(results.size() - 1)).putArray("ours_profile");
        for (Profile.Whole whole : profile.wholes()) {
            ObjectNode job = jobs.addObject()
                    .put("job", whole.job())
                    .put("runs", whole.runs())
                    .put("ms_per_run", rounded(1e3 * whole.seconds() / whole.runs(), 1000));
            ObjectNode parts = job.putObject("parts_ms_per_run");
            whole.parts()
                    .forEach(part -> parts.put(part.operation(), rounded(1e3 * part.seconds() / whole.runs(), 1000)));
        }
        profiles.append(profile.table());
    }

    private ObjectNode summary(List<Turn> turns, ToDoubleFunction<Turn> number, double places) {
        double[] values = turns.stream().mapToDouble(number).toArray();
        double[] sorted = Arrays.stream(values).sorted().toArray();
        double median = (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
        ObjectNode summary = mapper.createObjectNode()
                .put("median", rounded(median, places))
                .put("min", rounded(sorted[0], places))
                .put("max", rounded(sorted[sorted.length - 1], places));
        ArrayNode all = summary.putArray("all");
        Arrays.stream(values).forEach(value -> all.add(rounded(value, places)));
        return summary;
    }

    private static double rounded(double value, double places) {
        return Math.round(value * places) / places;
    }

    /// Writes everything to `file`.
    void write(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        ObjectNode whole = mapper.createObjectNode();
        whole.set("machine", machine);
        whole.set("results", results);
        Files.writeString(file, mapper.writerWithDefaultPrettyPrinter().writeValueAsString(whole) + "\n");
    }

    /// Prints the table.
    void print(PrintStream out) {
        out.printf("%-8s %-5s  %22s  %22s  %20s%n", "work", "dtype", "ours ms", "peer ms", "peer / ours");
        for (JsonNode result : results) {
            out.printf(
                    "%-8s %-5s  %22s  %22s  %20s%n",
                    result.path("work").asString(),
                    result.path("dtype").asString(),
                    cell(result.path("ours_ms"), "%.1f"),
                    cell(result.path("peer_ms"), "%.1f"),
                    cell(result.path("peer_over_ours"), "%.2f"));
            result.path("deviations").properties().forEach(entry -> {
                double deviation = entry.getValue().path("deviation").asDouble();
                double tolerance = entry.getValue().path("tolerance").asDouble();
                out.printf(
                        Locale.ROOT,
                        "       %s apart by %.1e of at most %.0e%s%n",
                        entry.getKey(),
                        deviation,
                        tolerance,
                        deviation <= tolerance ? "" : ": DIFFERENT NUMBERS");
            });
        }
        out.println("Each cell is the median and, in brackets, the least and the most.");
        out.println();
        out.print(profiles);
    }

    private static String cell(JsonNode summary, String form) {
        if (summary.isMissingNode()) {
            return "-";
        }
        return String.format(
                Locale.ROOT,
                form + " (" + form + "-" + form + ")",
                summary.path("median").asDouble(),
                summary.path("min").asDouble(),
                summary.path("max").asDouble());
    }
}
