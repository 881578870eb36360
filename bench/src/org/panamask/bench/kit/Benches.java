package org.panamask.bench.kit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.panamask.bench.device.DeviceBench;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Benches as steps: ours, then PyTorch with the same cases where there is one that sees a GPU.
final class Benches {
    private Benches() {}

    /// Measures `kind`, beside a peer if `compared`.
    static Step.Work of(String kind, boolean compared) {
        return (kit, step) -> run(kit, step, kind, compared);
    }

    private static Outcome run(KitFolder kit, Step step, String kind, boolean compared)
            throws IOException, InterruptedException {
        Path numbers = kit.numbers(step.name());
        List<String> arguments = new ArrayList<>(List.of(kind, numbers.toString()));
        if (kit.small()) {
            arguments.add("--small");
        }
        Child child = Child.run(
                kit.java(DeviceBench.class, arguments.toArray(String[]::new)), kit.log(step.name()), step.limit());
        if (!Files.exists(numbers)) {
            return child.ended() ? step.late() : Outcome.of(false, "exit " + child.exit() + ": " + child.lastLine());
        }
        String peer = compared ? ask(kit, step, kind) : "";
        JsonNode found = JsonMapper.builder().build().readTree(numbers);
        long measured = count(found, "ms");
        long failed = count(found, "failed");
        String summary = String.format(
                Locale.ROOT,
                "%d cases measured, %d failed, %d beside PyTorch%s",
                measured,
                failed,
                count(found, "ratio"),
                peer.isEmpty() ? "" : "; " + peer);
        if (child.ended()) {
            return new Outcome(step.late().verdict(), step.late().summary() + "; until then " + summary);
        }
        return Outcome.of(child.exit() == 0 && failed == 0 && measured > 0, summary);
    }

    private static long count(JsonNode found, String name) {
        return found.path("rows").valueStream().filter(row -> row.has(name)).count();
    }

    /// Has PyTorch measure the same cases and puts its times beside ours.
    ///
    /// @return why not, empty if it did
    private static String ask(KitFolder kit, Step step, String kind) throws IOException, InterruptedException {
        Path numbers = kit.numbers(step.name());
        Path answer = kit.numbers(step.name() + "-peer");
        Files.deleteIfExists(answer);
        Path log = kit.log(step.name() + "-peer");
        Files.deleteIfExists(log);
        List<String> command = List.of(
                kit.python(),
                kit.top().resolve("bench/peer_torch_cuda.py").toString(),
                kind,
                numbers.toString(),
                answer.toString());
        Child child;
        try {
            child = Child.run(command, log, step.limit());
        } catch (IOException absent) {
            return "no peer: " + kit.python() + " is not here";
        }
        JsonMapper mapper = JsonMapper.builder().build();
        if (!Files.exists(answer)) {
            return "no peer: " + (child.ended() ? step.late().summary() : child.lastLine());
        }
        ObjectNode found = (ObjectNode) mapper.readTree(numbers);
        JsonNode theirs = mapper.readTree(answer);
        Map<String, JsonNode> byCase = new TreeMap<>();
        theirs.path("rows")
                .valueStream()
                .forEach(row -> byCase.put(row.path("case").asString(), row));
        found.set("peer", theirs.path("facts"));
        found.path("rows").valueStream().forEach(row -> beside((ObjectNode) row, byCase));
        mapper.writerWithDefaultPrettyPrinter().writeValue(numbers, found);
        Files.delete(answer);
        return child.ended() ? "peer " + step.late().summary() : "";
    }

    private static void beside(ObjectNode row, Map<String, JsonNode> byCase) {
        JsonNode peer = byCase.get(row.path("case").asString());
        if (peer == null) {
            return;
        }
        if (peer.has("failed")) {
            row.put("peer_failed", peer.path("failed").asString());
        } else if (row.has("ms")) {
            row.put("peer_ms", peer.path("ms").asDouble());
            row.put("ratio", peer.path("ms").asDouble() / row.path("ms").asDouble());
        }
    }
}
