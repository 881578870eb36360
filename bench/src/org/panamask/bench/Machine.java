package org.panamask.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.panamask.backend.Backend;
import org.panamask.backend.BackendSettings;
import org.panamask.backend.Backends;
import org.panamask.backend.Precision;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// What was measured on.
final class Machine {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    private Machine() {}

    /// Machine and libraries of a backend that computes in `precision`.
    static ObjectNode describe(Precision precision) throws IOException {
        try (Backend backend = Backends.open(BackendSettings.defaults())) {
            backend.require(precision);
            return describe(backend);
        }
    }

    /// Machine and libraries that `backend` uses.
    static ObjectNode describe(Backend backend) throws IOException {
        JsonMapper mapper = JsonMapper.builder().build();
        Map<String, String> report = backend.report();
        ObjectNode machine = mapper.createObjectNode();
        machine.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString())
                .put("cpu", processor())
                .put("cores", Runtime.getRuntime().availableProcessors())
                .put(
                        "os",
                        System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                                + System.getProperty("os.arch"));
        machine.putObject("ours")
                .put("jdk", Runtime.version().toString())
                .put("library", report.getOrDefault("library", "unknown"))
                .put("instruction_set", report.getOrDefault("instruction set", "unknown"))
                .put("threads", report.getOrDefault("threads", "unknown"))
                .set("environment", mapper.valueToTree(variables()));
        return machine;
    }

    private static String processor() throws IOException {
        if (!Files.isReadable(CPU_INFO)) {
            return "unknown";
        }
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        }
    }

    /// What the user set for OpenMP and oneDNN.
    private static Map<String, String> variables() {
        Map<String, String> set = new TreeMap<>(System.getenv());
        set.keySet().removeIf(name -> !name.matches("(OMP|GOMP|KMP|MKL|ONEDNN|DNNL)_.*"));
        return set;
    }
}
