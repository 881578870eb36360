package org.panamask.bench.kit;

import java.util.Locale;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/// The report for people, in Markdown.
///
/// @param all what came out
record ReportText(JsonNode all) {
    private static final int LONGEST = 600;

    /// The whole page.
    String text() {
        StringBuilder page = new StringBuilder("# GPU report\n\n");
        JsonNode device = all.path("device").path("device");
        row(page, "", "");
        row(page, "---", "---");
        row(
                page,
                "Device",
                device.path("name").asString("unknown") + ", "
                        + device.path("architecture").asString(""));
        row(page, "Driver", driver());
        row(page, "Clocks", clocks());
        row(page, "Panamask", all.path("kit").asString() + (all.path("small").asBoolean() ? ", toy sizes" : ""));
        row(page, "Date", all.path("date").asString(""));
        libraries(page);
        page.append("\nEvery number below is of this device at these clocks and of no other.\n\n## Steps\n\n");
        page.append("| Step | Outcome | Seconds | |\n|---|---|---|---|\n");
        steps(page);
        failures(page);
        benches(page);
        return page.toString();
    }

    private static void row(StringBuilder page, String... cells) {
        page.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private String driver() {
        JsonNode found = all.path("device");
        int cuda = found.path("cuda").asInt();
        return found.path("nvidia_smi").path("driver_version").asString("unknown") + ", CUDA " + cuda / 1000 + "."
                + cuda % 1000 / 10;
    }

    private String clocks() {
        JsonNode said = all.path("device").path("nvidia_smi");
        return said.isMissingNode()
                ? "unknown: there is no nvidia-smi"
                : "SM " + said.path("clocks.sm").asString() + " of "
                        + said.path("clocks.max.sm").asString()
                        + ", memory " + said.path("clocks.mem").asString() + " of "
                        + said.path("clocks.max.mem").asString() + ", power limit "
                        + said.path("power.limit").asString();
    }

    private void libraries(StringBuilder page) {
        all.path("device").path("libraries").properties().forEach(library -> {
            JsonNode found = library.getValue();
            row(
                    page,
                    library.getKey(),
                    found.path("loaded").asBoolean()
                            ? found.path("version").asString("") + ", "
                                    + found.path("file").asString("")
                            : "not found");
        });
    }

    private void steps(StringBuilder page) {
        for (Step step : KitSteps.all()) {
            JsonNode one = all.path("steps").path(step.name());
            if (one.isObject()) {
                row(
                        page,
                        step.name() + ": " + one.path("title").asString(),
                        one.path("verdict").asString().toLowerCase(Locale.ROOT).replace('_', ' '),
                        String.format(Locale.ROOT, "%.1f", one.path("seconds").asDouble()),
                        cell(one.path("summary").asString()));
            }
        }
    }

    /// A text that cannot break a table.
    private static String cell(String text) {
        String line = text.replace("|", "\\|").replace('\n', ' ');
        return line.length() > LONGEST ? line.substring(0, LONGEST) + " ..." : line;
    }

    private void failures(StringBuilder page) {
        for (Step step : KitSteps.all()) {
            JsonNode found = all.path("steps").path(step.name()).path("found");
            if (!found.path("failures").isEmpty()) {
                page.append("\n## Failed in ").append(step.name()).append("\n\n");
                found.path("failures")
                        .forEach(failure -> page.append("* `")
                                .append(failure.path("test").asString())
                                .append("`: ")
                                .append(cell(failure.path("said").asString()))
                                .append('\n'));
            }
            if (!found.path("skips").isEmpty()) {
                page.append("\nSkipped in ").append(step.name()).append(":\n\n");
                found.path("skips")
                        .properties()
                        .forEach(skip -> page.append("* ")
                                .append(skip.getValue().asInt())
                                .append(" x ")
                                .append(cell(skip.getKey()))
                                .append('\n'));
            }
        }
    }

    private void benches(StringBuilder page) {
        Predicate<JsonNode> measured = found -> !found.path("rows").isEmpty();
        for (Step step : KitSteps.all()) {
            JsonNode found = all.path("steps").path(step.name()).path("found");
            if (measured.test(found)) {
                page.append("\n## ").append(step.title()).append("\n\n");
                JsonNode peer = found.path("peer");
                if (peer.isObject()) {
                    page.append("Peer: PyTorch ")
                            .append(peer.path("torch").asString())
                            .append(". ");
                    page.append("A ratio of 2 means that PyTorch takes twice as long as ours.\n\n");
                }
                page.append("| Case | ms | | PyTorch / ours |\n|---|---|---|---|\n");
                found.path("rows").forEach(row -> row(page, cells(row)));
            }
        }
    }

    private static String[] cells(JsonNode row) {
        if (row.has("failed")) {
            return new String[] {
                row.path("case").asString(),
                "",
                cell("failed: " + row.path("failed").asString()),
                ""
            };
        }
        String ratio = row.has("ratio")
                ? String.format(Locale.ROOT, "%.2f", row.path("ratio").asDouble())
                : cell(row.path("peer_failed").asString(""));
        return new String[] {
            row.path("case").asString(),
            String.format(Locale.ROOT, "%.4g", row.path("ms").asDouble()),
            String.format(
                    Locale.ROOT,
                    "%.4g %s",
                    row.path("rate").asDouble(),
                    row.path("unit").asString()),
            ratio
        };
    }
}
