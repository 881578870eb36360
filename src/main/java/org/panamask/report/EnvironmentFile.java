package org.panamask.report;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/// `environment.json`: what a run ran on, so that it can be repeated.
public final class EnvironmentFile {
    private EnvironmentFile() {}

    /// Writes `environment.json` into `folder`: first what the JVM knows of itself and the system, then `facts` in
    /// their order.
    ///
    /// @throws java.io.UncheckedIOException if it cannot be written
    public static void write(Path folder, Map<String, String> facts) {
        AtomicText.write(folder.resolve("environment.json"), text(facts));
    }

    /// What the JVM knows of itself and the system, then `facts`, in their order.
    public static Map<String, String> facts(Map<String, String> facts) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("java", Runtime.version().toString());
        all.put("jvm", System.getProperty("java.vm.name", ""));
        all.put("os", System.getProperty("os.name", "") + " " + System.getProperty("os.version", ""));
        all.put("arch", System.getProperty("os.arch", ""));
        all.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
        all.putAll(facts);
        return all;
    }

    static String text(Map<String, String> facts) {
        return facts(facts).entrySet().stream()
                .map(fact -> "  " + JsonText.quoted(fact.getKey()) + ": " + JsonText.quoted(fact.getValue()))
                .collect(Collectors.joining(",\n", "{\n", "\n}\n"));
    }
}
