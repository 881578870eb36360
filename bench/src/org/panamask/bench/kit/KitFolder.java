package org.panamask.bench.kit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Where the parts of the kit lie, and where its results go.
///
/// @param top what was unpacked
/// @param results reports, logs and numbers
/// @param small whether toy sizes stand in for real ones
/// @param python the interpreter asked for PyTorch
record KitFolder(Path top, Path results, boolean small, String python) {
    /// The commit that was packed.
    String version() {
        try {
            return Files.readString(top.resolve("version")).strip().replace('\n', ' ');
        } catch (IOException e) {
            throw new UncheckedIOException("reading the kit's version", e);
        }
    }

    Path fixtures() {
        return top.resolve("fixtures");
    }

    /// What a step prints.
    Path log(String step) {
        return results.resolve("logs").resolve(step + ".log");
    }

    /// What a step found, for the report.
    Path numbers(String step) {
        return results.resolve("steps").resolve(step + ".json");
    }

    /// The command that runs a class of the kit, with `arguments`.
    List<String> java(String main, List<String> arguments) {
        Map<String, String> all = new TreeMap<>();
        all.put(
                "java.util.logging.config.file",
                top.resolve("bench/logging.properties").toString());
        all.put("panamask.fixtures", fixtures().toString());
        all.put("panamask.kernel.cache", results.resolve("cubin").toString());
        // The tests build and use the emulator unless told that the machine's own libraries count.
        all.put("panamask.emulator", "false");
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.add("--enable-native-access=ALL-UNNAMED");
        all.forEach((name, value) -> command.add("-D" + name + "=" + value));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        command.addAll(arguments);
        return command;
    }

    /// The same with the arguments one by one.
    List<String> java(Class<?> main, String... arguments) {
        return java(main.getName(), List.of(arguments));
    }
}
